package io.adapt4j.core.internal.task.rl;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Floats;
import io.adapt4j.core.reinforce.KlEstimator;
import io.adapt4j.core.reinforce.Ppo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Computes the advantage and return of each token from the rewards of completions. */
record PpoTargets(Ppo ppo, double klCoefficient) {

  Rollout rollout(int number, List<Sample> samples, double[] rewards, MeanMetrics metrics) {
    double divergence = 0;
    int completions = 0;
    List<double[]> shaped = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      Sample sample = samples.get(i);
      shaped.add(shaped(sample, rewards[i]));
      if (sample.counts()) {
        divergence += divergence(sample);
        completions++;
      }
      if (sample.reference().length > 0) {
        RolloutMaker.addDivergence(sample, metrics);
      }
    }
    metrics.add(MetricNames.KL_COEFFICIENT, klCoefficient);
    List<Sample> judged =
        judged(samples, ppo.whitensRewards() ? whitened(samples, shaped) : shaped);
    double next =
        completions == 0
            ? klCoefficient
            : KlControl.after(ppo, klCoefficient, divergence / completions, completions);
    return new Rollout(number, judged, metrics, next);
  }

  /**
   * Returns the reward of each token: the KL penalty, plus the completion's reward at the last
   * token.
   */
  private double[] shaped(Sample sample, double reward) {
    double[] shaped = new double[sample.targets()];
    for (int t = 0; t < shaped.length && sample.reference().length > 0; t++) {
      shaped[t] =
          -klCoefficient * Divergence.of(ppo.klEstimator(), sample.old()[t], sample.reference()[t]);
    }
    shaped[shaped.length - 1] += reward;
    return shaped;
  }

  private static double divergence(Sample sample) {
    double sum = 0;
    for (int t = 0; t < sample.reference().length; t++) {
      sum += Divergence.of(KlEstimator.K1, sample.old()[t], sample.reference()[t]);
    }
    return sum;
  }

  private List<Sample> judged(List<Sample> samples, List<double[]> rewards) {
    List<double[]> advantages = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      advantages.add(
          new AdvantageEstimation(ppo.discount(), ppo.lambda())
              .advantages(rewards.get(i), Doubles.toArray(Floats.asList(samples.get(i).values()))));
    }
    List<double[]> white = whiten(samples, advantages, true);
    List<Sample> judged = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      float[] values = samples.get(i).values();
      float[] returns = new float[values.length];
      for (int t = 0; t < returns.length; t++) {
        returns[t] = (float) (advantages.get(i)[t] + values[t]);
      }
      judged.add(samples.get(i).judged(Floats.toArray(Doubles.asList(white.get(i))), returns));
    }
    return judged;
  }

  private static List<double[]> whitened(List<Sample> samples, List<double[]> rewards) {
    return whiten(samples, rewards, false);
  }

  /** Whitens over the tokens of completions that count; the others are unchanged. */
  private static List<double[]> whiten(
      List<Sample> samples, List<double[]> numbers, boolean centered) {
    double[] all =
        IntStream.range(0, samples.size())
            .filter(i -> samples.get(i).counts())
            .mapToObj(numbers::get)
            .flatMapToDouble(Arrays::stream)
            .toArray();
    double[] white = Whitening.of(all, centered);
    List<double[]> whitened = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < samples.size(); i++) {
      double[] own = numbers.get(i).clone();
      if (samples.get(i).counts()) {
        System.arraycopy(white, at, own, 0, own.length);
        at += own.length;
      }
      whitened.add(own);
    }
    return whitened;
  }
}
