package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.describe.Documents;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.internal.describe.Problems;
import io.adapt4j.core.internal.recipe.Option;
import io.adapt4j.core.internal.task.TaskDefinition;
import io.adapt4j.core.internal.task.TaskDefinitions;
import io.adapt4j.core.internal.task.coherence.CoherenceDefinition;
import io.adapt4j.core.internal.task.coherence.CoherenceTask;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The worked example of the guide, and the table of options. */
class AddingATaskTest {

  private static final Path GUIDE = Path.of("../../docs/adding-a-task.md");

  @TempDir private Path folder;

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private URLClassLoader withTheTask;

  /** The one line that adds the task. */
  @BeforeEach
  void addTheLine() throws IOException {
    Path services = Files.createDirectories(folder.resolve("line/META-INF/services"));
    Files.writeString(
        services.resolve(TaskDefinition.class.getName()), CoherenceDefinition.class.getName());
    withTheTask = new URLClassLoader(new URL[] {folder.resolve("line").toUri().toURL()}, before);
    Thread.currentThread().setContextClassLoader(withTheTask);
  }

  @AfterEach
  void removeTheLine() throws IOException {
    Thread.currentThread().setContextClassLoader(before);
    withTheTask.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"CoherenceTask", "CoherenceDefinition", "PreparedCoherence"})
  void theExampleInTheGuideIsTheCodeThatRuns(String type) throws IOException {
    Path source =
        Path.of("src/test/java/io/adapt4j/core/internal/task/coherence").resolve(type + ".java");
    assertThat(Files.readString(GUIDE))
        .contains("```java\n" + Files.readString(source).strip() + "\n```")
        .contains("```\n" + CoherenceDefinition.class.getName() + "\n```");
  }

  @Test
  void theTaskOfTheExampleTrainsAndIsWrittenDown() throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    FineTuner tuner =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .task(new CoherenceTask())
            .dataset(new Split(texts(12), texts(6)))
            .method(FullFineTuning.create())
            .epochs(2)
            .batchSize(4)
            .keepBest()
            .metricForBestModel("accuracy")
            .output(folder.resolve("run"))
            .build();
    assertThat(tuner.plan().trainExamples()).isEqualTo(24);
    FineTuneReport report = tuner.run();
    assertThat(report.plan().steps()).isEqualTo(12);
    assertThat(report.bestMetrics()).containsOnlyKeys("accuracy", "macro_f1");
    assertThat(Files.readString(folder.resolve("run/provenance.json"))).contains("\"coherence\"");
    try (TextClassifier classifier = TextClassifier.load(ModelSource.path(report.best()))) {
      assertThat(classifier.labels()).containsExactly("no", "yes");
    }
  }

  @Test
  void aDescriptionCanNameTheTaskOfTheExample() throws IOException {
    Path file = Files.writeString(folder.resolve("run.yaml"), "task: coherence");
    assertThat(TaskDefinitions.read(Fields.of("", Documents.read(file), new Problems())))
        .contains(new CoherenceTask());
  }

  @Test
  void theTableOfOptionsInTheDocumentationIsTheOneThatRunsAreReadWith() throws IOException {
    String rows =
        TaskDefinitions.OPTIONS.stream().map(Option::row).collect(Collectors.joining("\n"));
    assertThat(Files.readString(Path.of("../../docs/cli.md")))
        .contains("| key | value | default | what it does |\n| --- | --- | --- | --- |\n" + rows);
  }

  private static Dataset texts(int count) {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(
          new Example.Text(i % 2 == 0 ? "a cat sat on the mat" : "the red dog ran fast slowly"));
    }
    return Datasets.of(rows);
  }
}
