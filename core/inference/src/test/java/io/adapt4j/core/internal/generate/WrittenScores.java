package io.adapt4j.core.internal.generate;

/** Outputs after which the given tokens are the likeliest; after -1, a logit is not finite. */
final class WrittenScores implements RunningRequest.Scores {

  /** More than the tests have tokens. */
  private static final int VOCABULARY = 512;

  private final int[] tokens;

  WrittenScores(int... tokens) {
    this.tokens = tokens;
  }

  @Override
  public int likeliest(int output) {
    return tokens[output];
  }

  @Override
  public float[] logits(int output) {
    float[] logits = new float[VOCABULARY];
    if (tokens[output] < 0) {
      logits[0] = Float.NaN;
    } else {
      logits[tokens[output]] = 9;
    }
    return logits;
  }
}
