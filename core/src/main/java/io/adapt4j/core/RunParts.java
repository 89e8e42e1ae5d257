package io.adapt4j.core;

import io.adapt4j.core.data.BatchSource;
import io.adapt4j.core.data.EncodingReport;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.train.Adaptation;
import io.adapt4j.core.train.RunStart;
import io.adapt4j.core.train.Trainer;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.core.train.TrainingResult;
import io.adapt4j.core.train.TrainingTask;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What runs over texts have in common.
 *
 * @param settings what is to be done
 * @param train what the training data came to
 * @param held what the validation data came to
 * @param maxLength the most tokens of a text
 */
record RunParts(
    FineTuneSettings settings, EncodingReport train, Optional<EncodingReport> held, int maxLength) {

  FineTunePlan plan(Network declared) {
    int batches = (train.kept() - 1) / settings.batchSize() + 1;
    return new FineTunePlan(
        settings.training().totalSteps(batches),
        train.kept(),
        held.map(EncodingReport::kept).orElse(0),
        train.rows() - train.kept() + held.map(one -> one.rows() - one.kept()).orElse(0),
        train.truncated() + held.map(EncodingReport::truncated).orElse(0),
        train.targetTokens(),
        settings.method().trainableParameters(declared),
        declared.parameterCount());
  }

  <B> TrainingResult train(
      TrainingTask<B> task,
      Network network,
      Adaptation adaptation,
      FineTunePlan plan,
      BatchSource<B> batches,
      Optional<? extends BatchSource<B>> heldBatches,
      BooleanSupplier stopRequested) {
    Trainer<B> trainer =
        new Trainer<>(
            task,
            adaptation,
            settings
                .training()
                .identifiedBy(
                    RunIdentity.of(settings, settings.model().folder(), train, held, maxLength)),
            batches,
            heldBatches,
            settings.output(),
            TrainingListener.all(settings.listeners()),
            stopRequested);
    return trainer.run(
        new RunStart(
            plan.steps(),
            settings.training().epochs(),
            plan.trainableParameters(),
            plan.totalParameters(),
            plan.trainExamples(),
            plan.validationExamples(),
            settings.model() + ", " + settings.method().description(),
            network.type() == DType.BF16 ? "bf16, trained values fp32" : "fp32"));
  }
}
