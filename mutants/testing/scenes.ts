// Directed scenes: for each planted bug the order of events that shows it, in terms of messages, disks, crashes and elections. Each
// begins with n1 as the leader of its second ballot and ends with everything healed and every node read (see Play). None knows which
// build it runs on, and the shipped store must come through all of them.
import { timing } from "../../system/testing/lone-core.js";
import type { Play, Scene } from "./play.js";

/** n1 decides 1 with n2 while n3 hears nothing; then n1 is gone, and n3, whose log is shorter, takes over with n2's promise. */
const shorterLogTakesOver: Scene = (play) => {
  play.cut(1, 3);
  play.put(0, 1, 1);
  play.settle();
  play.isolate(1);
  play.elect(3, [2]);
  play.settle();
  play.put(1, 3, 2);
  play.settle();
};

/** n1 is cut off with a tail of its own; the others decide different commands in its place, and elect once more; then it promises late. */
const deposedLeaderPromisesLate: Scene = (play) => {
  play.isolate(1);
  play.put(0, 1, 1);
  play.put(1, 1, 2);
  play.settle();
  play.elect(2, [3]);
  play.settle();
  play.put(2, 2, 3);
  play.put(3, 2, 4);
  play.settle();
  play.crash(2);
  play.restart(2);
  play.settle();
  play.elect(3, [2]);
  play.settle();
};

/** n1 decides 1 with n2 and restarts; n2 is down; n3, which has heard nothing of it, takes over with n1's promise. */
const leaderPromisesAfterItsRestart: Scene = (play) => {
  play.cut(1, 3);
  play.put(0, 1, 1);
  play.settle();
  play.crash(2);
  play.crash(1);
  play.join(1, 3);
  play.restart(1);
  play.elect(3, [1]);
  play.settle();
  play.put(1, 3, 2);
  play.settle();
};

/** n1's first Accept of its session with n2 is late; n3 leads meanwhile, and its session with n2 is as young as n1's. */
const lateAcceptOfADeposedLeader: Scene = (play) => {
  const { stage } = play;
  play.cut(1, 3);
  stage.cut(2, 1);
  stage.hold(1, 2);
  play.put(0, 1, 1);
  play.elect(3, [2]);
  stage.settle();
  stage.deliver(1, 2);
  stage.settle();
  play.put(1, 3, 2);
  stage.settle();
};

/** n1 comes back with a tail of its own and promises; n3's AcceptSync to it is lost with its connection, n3's next Decide is not. */
const decideWithoutItsAcceptSync: Scene = (play) => {
  const { stage } = play;
  play.isolate(1);
  play.put(0, 1, 1);
  stage.settle();
  play.elect(3, [2]);
  stage.settle();
  play.put(1, 3, 2);
  stage.settle();
  stage.open(3, 1);
  stage.open(1, 3);
  stage.tick(3, timing.resend);
  stage.persist(3);
  stage.deliver(3, 1);
  stage.persist(1);
  stage.deliver(1, 3);
  play.reset(3, 1);
  stage.hold(1, 3);
  stage.tick(3, timing.resend);
  stage.deliver(3, 1);
  stage.settle();
};

/** n1 is cut off and is asked to write and to read; the others elect n2, which overwrites and is read. */
const isolatedLeaderIsAsked: Scene = (play) => {
  play.put(0, 1, 1);
  play.settle();
  play.isolate(1);
  play.put(1, 1, 2);
  play.settle();
  play.elect(2, [3]);
  play.settle();
  play.put(2, 2, 3);
  play.settle();
  play.get(3, 2);
  play.settle();
  play.get(4, 1);
  play.settle();
};

/** A write is decided without n3, which is then asked for the key. */
const laggingFollowerIsRead: Scene = (play) => {
  play.put(0, 1, 1);
  play.settle();
  play.isolate(3);
  play.put(1, 1, 2);
  play.settle();
  play.get(2, 1);
  play.settle();
  play.get(3, 3);
  play.settle();
  play.join(1, 3);
  play.settle();
};

/** An acceptor crashes between its Promise and the AcceptSync that answers it, while the old leader still reaches it. */
const acceptorCrashesBetweenPromiseAndAcceptSync: Scene = (play) => {
  const { stage } = play;
  play.isolate(1);
  play.elect(3, [2]);
  stage.persist(3);
  stage.deliver(3, 2);
  stage.persist(2);
  stage.deliver(2, 3);
  play.crash(2);
  play.isolate(3);
  play.join(1, 2);
  play.restart(2);
  stage.settle();
  play.put(0, 1, 1);
  stage.deliver(1, 2);
  stage.persist(1);
  stage.persist(2);
  stage.deliver(2, 1);
  play.isolate(1);
  play.join(2, 3);
  stage.settle();
  play.put(1, 3, 2);
  stage.settle();
};

/** n1 is cut off with a tail of its own; n3 and n2 decide under a greater ballot; n2 restarts, and n1 takes over with its promise. */
const acceptorRestartsAndPromisesTheOldLeader: Scene = (play) => {
  play.isolate(1);
  play.put(0, 1, 1);
  play.put(1, 1, 2);
  play.settle();
  play.elect(3, [2]);
  play.settle();
  play.put(2, 3, 3);
  play.settle();
  play.isolate(3);
  play.crash(2);
  play.join(1, 2);
  play.restart(2);
  play.settle();
  play.elect(1, [2]);
  play.settle();
};

/** n1 decides with n2's Accepted; n2 loses power with its write still under way; n1 is cut off, and n2 leads with n3. */
const acceptorLosesPowerBeforeItsFsync: Scene = (play) => {
  const { stage } = play;
  play.cut(1, 3);
  play.put(0, 1, 1);
  stage.persist(1);
  stage.deliver(1, 2);
  stage.deliver(2, 1);
  play.crash(2);
  play.isolate(1);
  play.restart(2);
  play.settle();
  play.elect(2, [3]);
  play.settle();
  play.get(1, 2);
  play.settle();
};

/** n1 comes back with a tail of its own, is synchronised, and crashes when the first write of it is done; then n2 leads with its promise. */
const acceptorCrashesAfterItsFirstWrite: Scene = (play) => {
  const { stage } = play;
  play.isolate(1);
  play.put(0, 1, 1);
  play.put(1, 1, 2);
  stage.settle();
  play.elect(3, [2]);
  stage.settle();
  play.put(2, 3, 3);
  stage.settle();
  stage.open(3, 1);
  stage.open(1, 3);
  stage.tick(3, timing.resend);
  stage.persist(3);
  stage.deliver(3, 1);
  stage.persist(1);
  stage.deliver(1, 3);
  stage.deliver(3, 1);
  stage.persist(1);
  play.crash(1);
  play.isolate(3);
  play.join(1, 2);
  play.restart(1);
  stage.settle();
  play.elect(2, [1]);
  stage.settle();
  play.get(3, 2);
  stage.settle();
};

/** n2 and n3, which do not hear each other, take over; n1 promises to n3, restarts, and is asked by n2, while n3 still hears it. */
const twoCandidatesAndOneRestart: Scene = (play) => {
  const { stage } = play;
  play.crash(1);
  play.cut(2, 3);
  play.restart(1);
  play.elect(2, [1]);
  stage.hold(2, 1);
  stage.persist(2);
  play.elect(3, [1]);
  stage.settle();
  play.put(0, 3, 1);
  stage.settle();
  play.crash(1);
  stage.cut(3, 1);
  stage.open(2, 1);
  play.restart(1);
  stage.settle();
  stage.tick(2, timing.resend);
  stage.settle();
  play.put(1, 2, 2);
  stage.settle();
  play.put(2, 3, 3);
  stage.settle();
  play.isolate(3);
  play.crash(2);
  play.restart(2);
  stage.settle();
  play.elect(2, [1]);
  stage.settle();
};

/** The leader's connections to both followers are reset with a write under way; nobody is cut off for long enough to elect. */
const resetsUnderLoad: Scene = (play) => {
  const { stage } = play;
  play.put(0, 1, 1);
  play.reset(1, 2);
  play.reset(1, 3);
  stage.settle();
  stage.tick(1, timing.resend);
  stage.settle();
};

/** A connection from the leader loses an Accept; the next one carries the Accept after it. */
const resetLosesAnAccept: Scene = (play) => {
  const { stage } = play;
  play.cut(1, 3);
  play.put(0, 1, 1);
  play.reset(1, 2);
  play.put(1, 1, 2);
  stage.settle();
};

/** n2 promises twice to n1, because its link comes up between a Prepare and its repetition, and is synchronised twice. */
const promisedTwiceToOneLeader: Scene = (play) => {
  const { stage } = play;
  play.cut(1, 3);
  stage.hold(1, 2);
  stage.linkUp(2, 1, "in");
  stage.deliver(2, 1);
  stage.tick(1, timing.resend);
  deliverUntilPromised(play);
  stage.deliver(2, 1);
  play.put(0, 1, 1);
  stage.linkUp(2, 1, "out");
  deliverUntilPromised(play);
  stage.deliver(2, 1);
  play.put(1, 1, 2);
  play.put(2, 1, 3);
  stage.persist(1);
  stage.open(1, 2);
  stage.settle();
};

function deliverUntilPromised({ stage }: Play): void {
  for (let message = 0; message < 10 && stage.status(2).phase !== "prepare"; message += 1) stage.deliver(1, 2, 1);
  if (stage.status(2).phase !== "prepare") throw new Error("n2 was not prepared again");
}

/** n1's Accept reaches n2, its own write is lost with its power; it comes back, reaches n3 and is asked; then n2 leads with n3. */
const leaderRestartsBeforeItsFsync: Scene = (play) => {
  const { stage } = play;
  play.crash(3);
  play.put(0, 1, 1);
  stage.deliver(1, 2);
  stage.persist(2);
  play.crash(1);
  play.cut(1, 2);
  play.cut(2, 3);
  play.restart(3);
  play.restart(1);
  stage.settle();
  stage.tick(3, timing.resend);
  stage.settle();
  play.put(1, 1, 2);
  stage.settle();
  play.isolate(1);
  play.crash(3);
  play.join(2, 3);
  play.restart(3);
  stage.settle();
  play.elect(2, [3]);
  stage.settle();
};

/** The answer to a write is lost; others read it and overwrite it; the client asks again, and the key is read once more. */
const retryAfterALostAnswer: Scene = (play) => {
  const { stage } = play;
  play.put(0, 2, 1);
  stage.deliver(2, 1);
  stage.hold(1, 2);
  stage.settle();
  stage.lose(1, 2);
  stage.open(1, 2);
  play.reset(1, 2);
  stage.settle();
  play.get(1, 1);
  stage.settle();
  play.put(2, 1, 2);
  stage.settle();
  play.get(3, 1);
  stage.settle();
  play.again(0, 2);
  stage.settle();
  play.get(4, 1);
  stage.settle();
};

/** The leader loses power and comes back only after an election was due. */
const leaderDown: Scene = (play) => {
  play.put(0, 1, 1);
  play.settle();
  play.crash(1);
  for (let tick = 0; tick < 5 * timing.heartbeat; tick += 1) {
    play.stage.tick(2);
    play.settle();
    play.stage.tick(3);
    play.settle();
  }
};

export const scenes = {
  shorterLogTakesOver,
  deposedLeaderPromisesLate,
  leaderPromisesAfterItsRestart,
  lateAcceptOfADeposedLeader,
  decideWithoutItsAcceptSync,
  isolatedLeaderIsAsked,
  laggingFollowerIsRead,
  acceptorCrashesBetweenPromiseAndAcceptSync,
  acceptorRestartsAndPromisesTheOldLeader,
  acceptorLosesPowerBeforeItsFsync,
  acceptorCrashesAfterItsFirstWrite,
  twoCandidatesAndOneRestart,
  resetsUnderLoad,
  resetLosesAnAccept,
  promisedTwiceToOneLeader,
  leaderRestartsBeforeItsFsync,
  retryAfterALostAnswer,
  leaderDown,
} as const satisfies Readonly<Record<string, Scene>>;

export type SceneName = keyof typeof scenes;
