package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.train.TrainingOptions;
import io.adapt4j.core.method.WeightFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Identity of a run: runs with equal identities give the same losses. */
final class RunIdentity {

  private RunIdentity() {}

  static Map<String, String> of(
      FineTuneSettings settings, EncodedData data, List<String> regularizations) {
    Path folder = settings.model().folder();
    EncodingReport train = data.train();
    TrainingOptions training = settings.training();
    Map<String, String> identity = new TreeMap<>();
    identity.put("method", settings.method().identity());
    identity.put("model configuration", digest(folder.resolve(ModelConfig.FILE)));
    identity.put("model weights", weights(folder));
    identity.put("tokenizer", digest(folder.resolve("tokenizer.json")));
    identity.put("training data", train.kept() + " rows " + train.digest());
    identity.put(
        "validation data",
        data.held()
            .map(encodingReport -> encodingReport.kept() + " rows " + encodingReport.digest())
            .orElse("none"));
    identity.put("epochs", training.epochs() + ", at most " + training.maxSteps() + " steps");
    identity.put(
        "batch", settings.batchSize() + " x " + training.accumulation() + " x " + data.maxLength());
    identity.put("tokens", settings.overflow() + " " + settings.tokens());
    identity.put(
        "learning rate",
        training.learningRate() + " " + training.schedule() + " " + training.warmup());
    identity.put("optimizer", training.step().toString());
    identity.put(
        "evaluation",
        "every %s steps, best kept %s, %s"
            .formatted(
                training.evaluationInterval(), training.keepBest(), training.earlyStopping()));
    identity.put("task", settings.objective().wholeIdentity());
    identity.put("regularization", regularizations.toString());
    if (settings.modelDropout()) {
      DropoutRates rates =
          Architectures.dropout(StoredModel.read(folder, WeightFormat.asStored()).config());
      if (rates.any()) {
        identity.put("model dropout", rates.toString());
      }
    }
    if (settings.headWarmStart()) {
      identity.put("new classifier", "fitted to the untrained model's vectors");
    }
    identity.put("precision", settings.precision().toString());
    identity.put("seed", String.valueOf(settings.seed()));
    return identity;
  }

  /**
   * Returns names and sizes only: hashing a large model would take longer than starting the run.
   */
  private static String weights(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> found =
          files
              .filter(file -> file.getFileName().toString().endsWith(".safetensors"))
              .sorted()
              .map(file -> file.getFileName() + " " + size(file))
              .toList();
      return String.join(", ", found);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String digest(Path file) {
    try {
      return FileDigest.sha256(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
