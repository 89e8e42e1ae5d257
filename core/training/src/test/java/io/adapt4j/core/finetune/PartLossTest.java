package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Validation and training losses of mixed data, by part. */
class PartLossTest {

  @TempDir private Path folder;

  private Dataset rows(String name, String text, int count) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, ("{\"text\": \"" + text + "\"}\n").repeat(count));
    return Datasets.jsonl(file);
  }

  private List<EvaluationEvent> run(Dataset validation) throws IOException {
    List<EvaluationEvent> events = new ArrayList<>();
    FineTuner.builder()
        .model(ModelSource.path(SmallModel.write(folder.resolve("model"))))
        .dataset(new Split(rows("train.jsonl", "A ball.", 8), validation))
        .method(FullFineTuning.create())
        .output(folder.resolve("run"))
        .overwriteOutput()
        .batchSize(2)
        .maxSteps(2)
        .learningRate(1e-3)
        .listener(
            new TrainingListener() {
              @Override
              public void evaluated(EvaluationEvent event) {
                events.add(event);
              }
            })
        .build()
        .run();
    return events;
  }

  @Test
  void eachPartOfAMixtureHasItsLossAndTogetherTheyAreTheLossOfAll() throws IOException {
    Dataset balls = rows("balls.jsonl", "A ball.", 3);
    Dataset boats = rows("boats.jsonl", "Where is the red boat?", 4);
    EvaluationEvent ofBalls = last(run(balls));
    EvaluationEvent ofBoats = last(run(boats));
    EvaluationEvent mixed = last(run(Datasets.mix().add(balls, 3).add(boats, 4).build()));
    assertThat(ofBalls.metrics()).isEmpty();
    assertThat(mixed.metrics()).containsOnlyKeys("loss_balls.jsonl", "loss_boats.jsonl");
    assertThat(mixed.metrics().get("loss_balls.jsonl")).isCloseTo(ofBalls.loss(), within(1e-5));
    assertThat(mixed.metrics().get("loss_boats.jsonl")).isCloseTo(ofBoats.loss(), within(1e-5));
    assertThat(mixed.loss())
        .isBetween(
            Math.min(ofBalls.loss(), ofBoats.loss()), Math.max(ofBalls.loss(), ofBoats.loss()));
  }

  @Test
  void theRowsOfOneFileHaveOneLoss() throws IOException {
    Dataset balls = rows("balls.jsonl", "A ball.", 4);
    Dataset twice = Datasets.concat(List.of(balls, balls.take(2)));
    assertThat(last(run(twice)).metrics()).isEmpty();
    assertThat(twice.part(5)).isEqualTo(balls.name());
  }

  private static EvaluationEvent last(List<EvaluationEvent> events) {
    return events.get(events.size() - 1);
  }

  private List<StepEvent> steps(Dataset train, UnaryOperator<FineTuner.Builder> change)
      throws IOException {
    List<StepEvent> events = new ArrayList<>();
    FineTuner.Builder builder =
        FineTuner.builder()
            .model(ModelSource.path(SmallModel.write(folder.resolve("model"))))
            .dataset(train)
            .method(FullFineTuning.create())
            .output(folder.resolve("run"))
            .overwriteOutput()
            .batchSize(4)
            .maxSteps(3)
            .learningRate(1e-3)
            .listener(
                new TrainingListener() {
                  @Override
                  public void step(StepEvent event) {
                    events.add(event);
                  }
                });
    change.apply(builder).build().run();
    return events;
  }

  @Test
  void everyStepHasTheTrainingLossOfEachFile() throws IOException {
    Dataset balls = rows("balls.jsonl", "A ball.", 3);
    Dataset boats = rows("boats.jsonl", "Where is the red boat?", 4);
    Dataset mixed = Datasets.mix().add(balls, 3).add(boats, 4).build();
    Path same = folder.resolve("all.jsonl");
    Files.writeString(
        same,
        IntStream.range(0, mixed.size())
            .mapToObj(row -> "{\"text\": \"" + ((Example.Text) mixed.get(row)).text() + "\"}\n")
            .collect(Collectors.joining()));
    double ofBalls = steps(balls, tuner -> tuner).get(0).loss();
    double ofBoats = steps(boats, tuner -> tuner).get(0).loss();
    for (UnaryOperator<FineTuner.Builder> way :
        List.<UnaryOperator<FineTuner.Builder>>of(
            tuner -> tuner.batchSize(7),
            tuner -> tuner.packing(true),
            tuner -> tuner.batchSize(2).gradientAccumulation(4),
            tuner -> tuner.task(Task.nextTokens().zLoss(1e-3)))) {
      List<StepEvent> alone = steps(Datasets.jsonl(same), way);
      List<StepEvent> events = steps(mixed, way);
      for (int step = 0; step < events.size(); step++) {
        assertThat(events.get(step).loss()).isCloseTo(alone.get(step).loss(), within(1e-5));
        assertThat(alone.get(step).metrics()).isEmpty();
        double least = Collections.min(events.get(step).metrics().values());
        double most = Collections.max(events.get(step).metrics().values());
        assertThat(events.get(step).loss()).isBetween(least - 1e-6, most + 1e-6);
      }
    }
    Path logs = folder.resolve("logs");
    TrainingListener files = TrainingListeners.files(logs);
    Map<String, Double> first =
        steps(mixed, tuner -> tuner.batchSize(7).listener(files)).get(0).metrics();
    assertThat(first).containsOnlyKeys("loss_balls.jsonl", "loss_boats.jsonl");
    assertThat(first.get("loss_balls.jsonl")).isCloseTo(ofBalls, within(1e-5));
    assertThat(first.get("loss_boats.jsonl")).isCloseTo(ofBoats, within(1e-5));
    assertThat(Files.readString(logs.resolve(TrainingListeners.METRICS)))
        .contains("loss_balls.jsonl");
    assertThat(Files.readString(logs.resolve(TrainingListeners.REPORT)))
        .contains("loss_balls.jsonl");
  }
}
