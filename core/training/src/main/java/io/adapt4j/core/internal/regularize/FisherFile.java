package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fisher diagonal on disk: a safetensors file with one tensor per trainable parameter under its
 * name, and the digests of the parameter values and of the data that it was estimated on.
 */
final class FisherFile {

  /** File name in a run's output folder. */
  static final String NAME = "fisher.safetensors";

  private static final String VALUES = "adapt4j.values";
  private static final String DATA = "adapt4j.data";

  private static final Logger LOG = LoggerFactory.getLogger(FisherFile.class);

  private FisherFile() {}

  static String digest(Path file) {
    try {
      return FileDigest.sha256(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": reading the Fisher information failed", e);
    }
  }

  /** Parameter values at which a diagonal is estimated. */
  record Anchor(List<Trainable> trained, String digest) {

    static Anchor of(List<Trainable> trained) {
      MessageDigest digest = FileDigest.sha256();
      for (Trainable parameter : trained) {
        digest.update(parameter.name().getBytes(StandardCharsets.UTF_8));
        try (Scope scope = Scope.open()) {
          digest.update(parameter.value().toHost().data());
        }
      }
      return new Anchor(trained, HexFormat.of().formatHex(digest.digest()));
    }

    /** Returns whether a file holds the diagonal at these values on the given data. */
    boolean isIn(Path file, String data) {
      if (!Files.exists(file)) {
        return false;
      }
      try (SafetensorsFile stored = SafetensorsFile.open(file)) {
        if (!stored.isIntact()) {
          LOG.warn("{} is damaged and is estimated again: its checksum differs", file);
          return false;
        }
        return digest.equals(stored.metadata().get(VALUES))
            && data.equals(stored.metadata().get(DATA));
      } catch (CheckpointException e) {
        LOG.warn("{} is damaged and is estimated again: {}", file, e.getMessage());
        return false;
      }
    }

    void write(Path file, List<Tensor> fisher, String data) {
      List<TensorData> tensors = new ArrayList<>();
      for (int i = 0; i < fisher.size(); i++) {
        String name = trained.get(i).name();
        Tensor values = fisher.get(i);
        tensors.add(
            Weights.tensor(
                name, values, new Parameter.Slice(name, 0, values.size(0)), StoredType.F32));
      }
      SafetensorsWriter.create()
          .withMetadata(Map.of("format", "pt", VALUES, digest, DATA, data))
          .withChecksum()
          .writeFile(file, tensors);
    }

    /**
     * Reads a diagonal.
     *
     * @return one F32 tensor per parameter, closed by the caller
     */
    List<Tensor> read(Path file) {
      requireOwn(file);
      List<Tensor> fisher = new ArrayList<>();
      try (Checkpoint stored = Checkpoint.openFile(file)) {
        for (Trainable parameter : trained) {
          Tensor values = Tensor.empty(DType.F32, parameter.value().sizes()).own();
          fisher.add(values);
          Weights.fill(values, stored, parameter.name());
        }
      } catch (RuntimeException e) {
        fisher.forEach(Tensor::close);
        throw e;
      }
      return fisher;
    }

    private void requireOwn(Path file) {
      try (SafetensorsFile stored = SafetensorsFile.open(file)) {
        if (!stored.isIntact()) {
          throw new TrainingException(
              file
                  + ": this Fisher information is damaged: its checksum differs. Put it back from a"
                  + " copy, or give the reference data with Regularization.ewc(...) instead");
        }
        if (!digest.equals(stored.metadata().get(VALUES))) {
          throw new TrainingException(
              file
                  + ": this Fisher information was estimated for another model, method or seed;"
                  + " give the reference data with Regularization.ewc(...) instead");
        }
      }
    }
  }
}
