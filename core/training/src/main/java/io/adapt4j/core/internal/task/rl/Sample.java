package io.adapt4j.core.internal.task.rl;

import com.google.common.primitives.Booleans;
import com.google.common.primitives.Doubles;
import com.google.common.primitives.Floats;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.reinforce.ImportanceCorrection;
import java.util.Arrays;
import java.util.List;

/**
 * A completion with its training data. The arrays have one number per token of the completion that
 * is the policy's, or are empty if the algorithm does not use them.
 *
 * @param own which tokens of the completion are the policy's; empty if all are
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
record Sample(
    int[] prompt,
    int[] completion,
    boolean[] own,
    boolean counts,
    float[] sampled,
    float[] old,
    float[] reference,
    float[] advantages,
    float[] values,
    float[] returns) {

  private static final float[] NONE = {};

  /** Creates a sample with the sampler's log-probabilities. */
  static Sample of(int[] prompt, int[] completion, boolean[] own, boolean counts, float[] sampled) {
    return new Sample(prompt, completion, own, counts, sampled, NONE, NONE, NONE, NONE, NONE);
  }

  boolean isOwn(int token) {
    return own.length == 0 || own[token];
  }

  /** Returns the number of tokens that are the policy's. */
  int targets() {
    return own.length == 0 ? completion.length : Booleans.countTrue(own);
  }

  Sample sampledWith(float[] logProbs) {
    return new Sample(
        prompt, completion, own, counts, logProbs, old, reference, advantages, values, returns);
  }

  Sample scored(float[] logProbs, float[] expected) {
    return new Sample(
        prompt,
        completion,
        own,
        counts,
        sampled,
        logProbs,
        reference,
        advantages,
        expected,
        returns);
  }

  Sample referred(float[] logProbs) {
    return new Sample(
        prompt, completion, own, counts, sampled, old, logProbs, advantages, values, returns);
  }

  Sample judged(float[] advantage, float[] gain) {
    return new Sample(
        prompt, completion, own, counts, sampled, old, reference, advantage, values, gain);
  }

  float[] importance(ImportanceCorrection correction) {
    double[] logRatios = new double[old.length];
    for (int i = 0; i < logRatios.length; i++) {
      // A rollout of a build without the correction has no numbers of the sampler.
      logRatios[i] = sampled.length == 0 ? 0 : (double) old[i] - sampled[i];
    }
    return Floats.toArray(Doubles.asList(correction.weights(logRatios)));
  }

  int length() {
    return prompt.length + completion.length;
  }

  /** Right-pads samples; {@code all} labels the tokens of excluded completions too. */
  static Batch inputs(List<Sample> samples, int padId, boolean all) {
    int length = samples.stream().mapToInt(Sample::length).max().orElseThrow();
    long[] ids = new long[samples.size() * length];
    long[] mask = new long[ids.length];
    long[] labels = new long[ids.length];
    Arrays.fill(ids, padId);
    Arrays.fill(labels, TargetRows.IGNORED);
    for (int row = 0; row < samples.size(); row++) {
      samples.get(row).lay(row * length, ids, mask, labels, all);
    }
    return new Batch(ids, mask, labels, samples.size(), length);
  }

  private void lay(int at, long[] ids, long[] mask, long[] labels, boolean all) {
    for (int i = 0; i < prompt.length; i++) {
      ids[at + i] = prompt[i];
    }
    int start = at + prompt.length;
    for (int i = 0; i < completion.length; i++) {
      ids[start + i] = completion[i];
      boolean labeled = (all || counts) && isOwn(i);
      labels[start + i] = labeled ? completion[i] : TargetRows.IGNORED;
    }
    Arrays.fill(mask, at, start + completion.length, 1);
  }
}
