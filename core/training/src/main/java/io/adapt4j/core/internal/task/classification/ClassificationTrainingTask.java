package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.data.TextBatch;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.loss.TextLoss;
import io.adapt4j.core.internal.nn.loss.TextTargets;
import io.adapt4j.core.internal.train.BestModelMetric;
import io.adapt4j.core.internal.train.CountedTask;
import io.adapt4j.core.internal.train.Evaluation;
import io.adapt4j.core.task.ClassificationProblem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Classification or regression of texts, or classification of their tokens. The mean loss is
 * weighted by the weights of texts.
 */
public record ClassificationTrainingTask(
    Encoder encoder, ClassificationProblem problem, List<String> labels, BestModelMetric selection)
    implements CountedTask<TextBatch> {

  @Override
  public double forwardBackward(TextBatch batch, double scale, boolean recompute, long seed) {
    return TextLoss.forwardBackward(
        encoder, batch.texts(), targets(problem, batch), scale, recompute, seed);
  }

  @Override
  public double evaluate(TextBatch batch) {
    return score(batch).sum();
  }

  private TextLoss.Scored score(TextBatch batch) {
    return TextLoss.evaluate(encoder, batch.texts(), targets(problem, batch));
  }

  static TextTargets targets(ClassificationProblem problem, TextBatch batch) {
    return switch (problem) {
      case SINGLE_LABEL -> new TextTargets.OneClass(batch.labels(), batch.weights());
      case MULTI_LABEL -> new TextTargets.ManyClasses(batch.values(), batch.weights());
      case REGRESSION -> new TextTargets.Numbers(batch.values(), batch.weights());
      case TOKEN -> new TextTargets.TokenClasses(batch.labels(), batch.weights());
    };
  }

  @Override
  public Evaluation<TextBatch> evaluation() {
    TextScores scores =
        switch (problem) {
          case SINGLE_LABEL -> new ClassScoring(labels, false);
          case TOKEN -> new ClassScoring(labels, true);
          case MULTI_LABEL -> new LabelScoring(labels);
          case REGRESSION -> new NumberScoring();
        };
    return new Evaluation<>() {
      @Override
      public double add(TextBatch batch) {
        TextLoss.Scored scored = score(batch);
        scores.add(batch, scored.logits());
        return scored.sum();
      }

      @Override
      public Map<String, Double> metrics() {
        return scores.metrics();
      }

      @Override
      public void write(Path output) {
        scores.write(output);
      }
    };
  }
}
