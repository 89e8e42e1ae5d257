package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The validation loss of mixed data, by part. */
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
}
