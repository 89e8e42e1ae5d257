package io.adapt4j.benchmarks.serving;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** Load of a client: what it asks, one request after the other. */
enum Load {
  /** Three prompts of 32 tokens, answers of 64. */
  SHORT(3, 32, 0, 64),
  /** Two prompts of 1,024 tokens, answers of 32. */
  LONG(2, 1024, 0, 32),
  /** A prompt of 512 tokens, then 19 turns of 40 tokens on top of all before; answers of 16. */
  AGENT(20, 512, 40, 16);

  /** Ids below are special tokens and bytes. */
  private static final int FIRST_ID = 300;

  private static final int IDS = 3000;

  private final int requests;
  private final int prompt;
  private final int turn;
  private final int answer;

  Load(int requests, int prompt, int turn, int answer) {
    this.requests = requests;
    this.prompt = prompt;
    this.turn = turn;
    this.answer = answer;
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  int answerTokens() {
    return answer;
  }

  /**
   * Returns the prompts of a client, as token ids. An agent's prompts hold made answers of the
   * turns before, the same for both servers.
   */
  List<List<Integer>> prompts(int client, int round) {
    SplittableRandom random = new SplittableRandom(31L * client + 7919L * round + prompt);
    List<List<Integer>> prompts = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      if (turn == 0) {
        ids = new ArrayList<>();
      }
      int more = turn == 0 || i == 0 ? prompt : turn;
      random.ints(more, FIRST_ID, FIRST_ID + IDS).forEach(ids::add);
      prompts.add(List.copyOf(ids));
    }
    return prompts;
  }

  @Override
  public String toString() {
    return turn == 0
        ? "%d requests of %d + %d tokens a client".formatted(requests, prompt, answer)
        : "%d turns of %d tokens after %d a client, answers of %d"
            .formatted(requests, turn, prompt, answer);
  }
}
