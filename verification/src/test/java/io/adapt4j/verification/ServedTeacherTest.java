package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.task.TeacherServer;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.serve.ModelServer;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model served by one process teaches a student in another. */
class ServedTeacherTest {

  private static final Dataset ROWS =
      Datasets.of(
          IntStream.range(0, 12)
              .mapToObj(i -> (Example) new Example.Text("The " + i + " blue parcels are in Paris."))
              .toList());

  @TempDir private Path folder;

  @Test
  void teachesThroughTheServerAsFromItsFolder() {
    Path student = ExampleFiles.example("models/stories260K");
    Path teacher = trained(student, Task.nextTokens(), "teacher", new ArrayList<>());
    List<Double> local = new ArrayList<>();
    trained(
        student,
        Task.distillation(teacher).stored(folder.resolve("local.safetensors"), 20),
        "local",
        local);
    List<Double> served = new ArrayList<>();
    try (LanguageModel model = LanguageModel.load(ModelSource.path(teacher), Precision.FP32);
        ModelServer server = ModelServer.builder().model("teacher", model).port(0).start()) {
      TeacherServer address = TeacherServer.at(URI.create(server.address() + "/v1"), "teacher");
      trained(
          student,
          Task.distillation(address, folder.resolve("served.safetensors"), 20),
          "served",
          served);
    }
    assertThat(served).hasSameSizeAs(local);
    for (int i = 0; i < served.size(); i++) {
      assertThat(served.get(i)).isCloseTo(local.get(i), within(1e-4));
    }
    assertThat(served.get(served.size() - 1)).isLessThan(0.7 * served.get(0));
  }

  private Path trained(Path model, Task task, String output, List<Double> losses) {
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(task)
        .dataset(new Split(ROWS, ROWS, ROWS))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(6)
        .maxLength(48)
        .learningRate(2e-3)
        .evaluateEvery(Interval.EPOCH)
        .seed(3)
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                losses.add(event.loss());
              }
            })
        .output(folder.resolve(output))
        .build()
        .run()
        .last();
  }
}
