package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SequenceToSequenceModel;
import io.adapt4j.core.generate.SequenceOptions;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Encoder-decoders as GGUF files, there and back. */
class SequenceFilesTest {

  static final List<String> KINDS = SequenceModels.KINDS;

  @TempDir private Path folder;

  @BeforeEach
  void useFolderForUnpackedFiles() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  private Path exported(Path model, GgufQuantization type) {
    Path file = folder.resolve(type + ".gguf");
    GgufExport.of(model).type(type).to(file);
    return file;
  }

  private static float[] logits(Path model) {
    return SequenceModels.logits(ModelSource.path(model).folder(), WeightFormat.asStored());
  }

  private static List<int[]> written(Path model, List<int[]> sources, int tokens) {
    try (SequenceToSequenceModel loaded =
        SequenceToSequenceModel.load(ModelSource.path(model), Precision.FP32)) {
      return loaded.generateIds(
          sources,
          SequenceOptions.builder().numBeams(1).maxNewTokens(tokens).ignoreEos(true).build());
    }
  }

  @ParameterizedTest
  @FieldSource("KINDS")
  void aFileInFp32ComputesAsItsFolder(String kind) throws IOException {
    Path model = SequenceModels.write(folder.resolve(kind), kind);
    Path file = exported(model, GgufQuantization.F32);
    assertThat(logits(file)).containsExactly(logits(model), within(2e-5f));
    assertThat(SequenceToSequenceModel.reads(ModelSource.path(file))).isTrue();
  }
}
