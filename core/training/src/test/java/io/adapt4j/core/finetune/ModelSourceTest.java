package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelSourceTest {

  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  @TempDir Path cache;

  private Hub offline() {
    return Hub.builder(Map.of()).cache(cache).offline(true).build();
  }

  /** Puts a model into the cache as a download leaves it. */
  private Path cached(Path model) throws IOException {
    Path repository = cache.resolve("models--acme--tiny");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve(COMMIT));
    Files.createDirectories(repository.resolve("refs"));
    Files.writeString(repository.resolve("refs/main"), COMMIT);
    try (var files = Files.list(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, snapshot.resolve(file.getFileName()));
      }
    }
    return snapshot;
  }

  @Test
  void aHubsModelIsNamedComparedAndPrintedWithoutADownload() {
    Hub hub = offline();
    ModelSource source = ModelSource.hub("acme/tiny", "main", hub);

    assertThat(source).hasToString("acme/tiny@main");
    assertThat(source).isEqualTo(ModelSource.hub("acme/tiny", "main", hub));
    assertThat(source).isNotEqualTo(ModelSource.hub("acme/tiny", "v2", hub));
    assertThat(source).isNotEqualTo(ModelSource.path(cache));
    assertThat(source).hasSameHashCodeAs(ModelSource.hub("acme/tiny", "main", hub));
    assertThat(source.isOnDisk()).isFalse();
  }

  @Test
  void theFolderIsFoundOnceAndKept() throws IOException {
    Path snapshot = cached(SmallModel.write(cache.resolve("made")));
    ModelSource source = ModelSource.hub("acme/tiny", "main", offline());

    assertThat(source.folder()).isEqualTo(snapshot);
    Files.writeString(cache.resolve("models--acme--tiny/refs/main"), "f".repeat(40));
    assertThat(source.folder()).isEqualTo(snapshot);
    assertThat(source.isOnDisk()).isTrue();
  }

  @Test
  void aHubsModelIsLoaded() throws IOException {
    cached(SmallModel.write(cache.resolve("made")));

    try (LanguageModel model =
        LanguageModel.load(ModelSource.hub("acme/tiny", "main", offline()), Precision.FP32)) {
      assertThat(model.parameterCount()).isPositive();
    }
  }

  @Test
  void aModelThatCannotBeDownloadedIsSaidWhenItIsLoaded() {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> LanguageModel.load(ModelSource.hub("acme/tiny", "main", offline())))
        .withMessageContaining("acme/tiny@main");
  }

  @Test
  void aFineTuningDownloadsOnlyWhenNothingElseIsWrong() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(
            () ->
                FineTuner.builder()
                    .model(ModelSource.hub("acme/tiny", "main", offline()))
                    .epochs(0)
                    .build())
        .withMessageContaining("epochs")
        .withMessageNotContaining("acme/tiny");
    assertThat(List.of(cache.toFile().list())).isEmpty();
  }

  @Test
  void aFineTuningSaysThatItsModelCannotBeDownloaded() {
    Dataset all = SmallModel.sentences(4);
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(
            () ->
                FineTuner.builder()
                    .model(ModelSource.hub("acme/tiny", "main", offline()))
                    .dataset(all)
                    .method(FullFineTuning.create())
                    .output(cache.resolve("run"))
                    .build())
        .withMessageContaining("acme/tiny@main: offline mode is on");
  }

  @Test
  void aHubsModelIsFineTuned() throws IOException {
    cached(SmallModel.write(cache.resolve("made")));

    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.hub("acme/tiny", "main", offline()))
            .dataset(SmallModel.sentences(4))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .maxSteps(1)
            .output(cache.resolve("run"))
            .build()
            .run();

    assertThat(report.last().resolve("model.safetensors")).exists();
  }
}
