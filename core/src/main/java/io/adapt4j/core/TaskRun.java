package io.adapt4j.core;

import io.adapt4j.core.exception.FineTuneException;
import io.adapt4j.core.plan.FineTunePlan;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.EncodingReport;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.plan.Device;
import io.adapt4j.core.plan.Forecast;
import io.adapt4j.core.plan.TimedSteps;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.LearningRateCurve;
import io.adapt4j.core.train.LearningRateSweep;
import io.adapt4j.core.train.TrainingResult;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A run of one task: its data made ready, planned, trained. */
interface TaskRun {

  /**
   * Tokenises the data once to find the rows that can be used.
   *
   * @param settings what is to be done
   * @param tokenizer the model's, open as long as the run
   * @return the run
   * @throws FineTuneException if no row can be used
   */
  static TaskRun prepare(FineTuneSettings settings, Tokenizer tokenizer) {
    Task task = settings.objective().task();
    if (task instanceof Task.Labelled labelled) {
      return TextRun.prepare(settings, labelled, tokenizer);
    }
    if (task instanceof Task.MaskedTokens masked) {
      return MaskedTokenRun.prepare(settings, masked, tokenizer);
    }
    if (task instanceof Task.Embeddings embeddings) {
      return RetrievalRun.prepare(settings, embeddings, tokenizer);
    }
    if (task instanceof Task.Preferences preferences) {
      return PreferenceRun.prepare(settings, preferences, tokenizer);
    }
    if (task instanceof Task.Reward reward) {
      return RewardRun.prepare(settings, reward, tokenizer);
    }
    if (task instanceof Task.Reinforced reinforced) {
      return PolicyRun.prepare(settings, reinforced.algorithm(), tokenizer);
    }
    return NextTokenRun.prepare(settings, tokenizer);
  }

  /** What will be done to a declared network. */
  FineTunePlan plan(Network declared);

  /** Trains the network to the end and saves. */
  TrainingResult train(
      Network network, Adaptation adaptation, FineTunePlan plan, BooleanSupplier stopRequested);

  /** Predicts the memory on a device. */
  Forecast forecast(Network declared, Device device);

  /** Performs some steps to see how long they take. */
  TimedSteps timed(Network network, Adaptation adaptation, int steps);

  /** Trains a few steps at growing rates; writes nothing. */
  LearningRateCurve sweep(Network network, Adaptation adaptation, LearningRateSweep sweep);

  /** Refuses data of which no row is left. */
  static void requireUsable(Dataset data, EncodingReport report, int maxLength) {
    if (report.kept() == 0) {
      throw new FineTuneException(
          List.of(
              data.name()
                  + ": none of its "
                  + report.rows()
                  + " rows can be used: "
                  + report.tooLong()
                  + " are longer than maxLength "
                  + maxLength
                  + ", "
                  + report.nothingToLearn()
                  + " have nothing to learn within it"
                  + (report.alike() == 0
                      ? ""
                      : ", " + report.alike() + " have two completions that are alike within it")
                  + ". Raise maxLength or check the data."));
    }
  }
}
