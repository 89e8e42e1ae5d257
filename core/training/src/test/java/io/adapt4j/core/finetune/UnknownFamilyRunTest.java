package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.inspect.ModelInfo;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.monitor.TrainingListeners;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model whose type is not known, and which is computed as the family that its tensors fit. */
class UnknownFamilyRunTest {

  private static final String SAID = "The model type acme is not known";

  @TempDir private Path folder;

  private Path base;

  @BeforeEach
  void writeAModelOfAnUnknownType() throws IOException {
    base = SmallModel.write(folder.resolve("base"));
    Path config = base.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"llama\"", "\"acme\""));
  }

  @Test
  void itsTrainingSaysSoBeforeAndInTheReports() throws IOException {
    Path output = folder.resolve("run");
    FineTuner tuner =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .method(FullFineTuning.create())
            .dataset(SmallModel.sentences(8).split(0.75, 0.25, 0, 1))
            .output(output)
            .precision(Precision.FP32)
            .epochs(1)
            .maxLength(32)
            .listener(TrainingListeners.files(output))
            .build();
    assertThat(tuner.questions()).anyMatch(question -> question.startsWith(SAID));
    assertThat(tuner.plan().text()).contains("Warning: " + SAID);
    FineTuneReport report = tuner.run();
    assertThat(report.text()).contains(SAID).doesNotContain("No warnings");
    assertThat(output.resolve(TrainingListeners.REPORT))
        .content()
        .contains("of an unknown type, read as llama");
  }

  @Test
  void itsDescriptionDoesNotSayPlainlyThatItIsSupported() {
    assertThat(ModelInfo.read(base).describe())
        .contains("only as another family, which its tensors fit")
        .doesNotContain("yes");
  }
}
