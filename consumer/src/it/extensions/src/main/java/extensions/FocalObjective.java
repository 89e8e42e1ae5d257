package extensions;

import io.adapt4j.core.data.Example;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.spi.ObjectiveBatch;
import io.adapt4j.core.train.spi.ObjectiveSample;
import io.adapt4j.core.train.spi.TrainingObjective;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Next tokens under the focal loss (Lin et al. 2017): -(1 - p)^gamma log p, which attends to tokens
 * that the model does not know yet. With gamma 0 it is cross-entropy.
 */
public record FocalObjective(double gamma) implements TrainingObjective {

  @Override
  public String name() {
    return "focal loss";
  }

  @Override
  public String options() {
    return "gamma=" + gamma;
  }

  @Override
  public Optional<ObjectiveSample> encode(Example row, Tokenizer tokenizer, int maxLength) {
    if (!(row instanceof Example.Text text)) {
      throw new IllegalArgumentException("expected a text, found " + row);
    }
    int[] read = tokenizer.encodeTruncated(text.text(), maxLength - 1);
    int[] tokens = Arrays.copyOf(read, read.length + 1);
    tokens[read.length] = tokenizer.eosId().orElseThrow();
    float[] next = new float[read.length];
    for (int i = 0; i < next.length; i++) {
      next[i] = tokens[i + 1];
    }
    int[] positions = IntStream.range(0, next.length).toArray();
    return next.length == 0
        ? Optional.empty()
        : Optional.of(new ObjectiveSample(tokens, positions, next));
  }

  @Override
  public double loss(ObjectiveBatch batch) {
    double loss = 0;
    int row = 0;
    for (ObjectiveSample sample : batch.samples()) {
      for (float target : sample.targets()) {
        loss += loss(batch, row++, (int) target);
      }
    }
    return loss;
  }

  private double loss(ObjectiveBatch batch, int row, int target) {
    double p = probability(batch, row, target);
    double logP = Math.log(p);
    double focus = Math.pow(1 - p, gamma);
    // The derivative of -(1 - p)^gamma log p by log p.
    double slope = (gamma == 0 ? 0 : gamma * p * Math.pow(1 - p, gamma - 1) * logP) - focus;
    for (int token = 0; token < batch.columns(); token++) {
      // p of the target times e to the distance of their scores is p of this token.
      double other = p * Math.exp(batch.output(row, token) - batch.output(row, target));
      batch.addGradient(row, token, slope * ((token == target ? 1 : 0) - other));
    }
    return -focus * logP;
  }

  private static double probability(ObjectiveBatch batch, int row, int token) {
    double sum = 0;
    for (int other = 0; other < batch.columns(); other++) {
      sum += Math.exp(batch.output(row, other) - batch.output(row, token));
    }
    return 1 / sum;
  }

  @Override
  public List<String> metrics() {
    return List.of("token_accuracy");
  }

  @Override
  public Map<String, Double> measure(ObjectiveBatch batch) {
    int right = 0;
    int row = 0;
    for (ObjectiveSample sample : batch.samples()) {
      for (float target : sample.targets()) {
        right += likeliest(batch, row++) == (int) target ? 1 : 0;
      }
    }
    return Map.of("token_accuracy", (double) right / batch.rows());
  }

  private static int likeliest(ObjectiveBatch batch, int row) {
    int best = 0;
    for (int token = 1; token < batch.columns(); token++) {
      best = batch.output(row, token) > batch.output(row, best) ? token : best;
    }
    return best;
  }
}
