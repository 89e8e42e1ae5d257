package io.adapt4j.core.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.MergeMethod;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergeSearchTest {

  private static final MergeMethod SUM =
      MergeMethod.mergekit(MergeMethod.Algorithm.LINEAR).normalize(false);

  @TempDir private Path folder;
  private Path first;
  private Path second;

  @BeforeEach
  void writeModels() {
    first = model("first", 1);
    second = model("second", 2);
  }

  private Path model(String name, int seed) {
    Path output = folder.resolve(name);
    Path family;
    try (FamilyFolder stored = FamilyFolder.open("llama_linear")) {
      family = stored.path();
    }
    ModelConfig config = ModelConfig.read(family);
    try (Decoder decoder = Architectures.declareDecoder(config)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, seed);
      CheckpointFolder.write(output, family, config, Weights.tensors(decoder, StoredType.F32));
    }
    return output;
  }

  private ModelMerge half() {
    return ModelMerge.of(SUM).and(first, 0.5).and(second, 0.5);
  }

  /** Scores by the nearness of a matrix to that of another merge. */
  private ToDoubleFunction<Path> nearTo(double a, double b) {
    Path target = folder.resolve("target");
    ModelMerge.of(SUM).and(first, a).and(second, b).write(target);
    float[] wanted = matrix(target);
    return merged -> {
      float[] found = matrix(merged);
      double squares = 0;
      for (int i = 0; i < found.length; i++) {
        squares += Math.pow(found[i] - wanted[i], 2);
      }
      return -squares;
    };
  }

  private static float[] matrix(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      FloatBuffer values =
          checkpoint.bytes("model.layers.0.self_attn.q_proj.weight").asFloatBuffer();
      float[] copy = new float[values.remaining()];
      values.get(copy);
      return copy;
    }
  }

  @Test
  void theBestWeightsAreFoundAndWritten() {
    Path output = folder.resolve("best");
    ToDoubleFunction<Path> score = nearTo(0.62, -0.2);
    List<MergeSearch.Trial> trials = MergeSearch.of(half()).evaluations(60).run(score, output);
    assertThat(trials.get(0).weights().get(0)).isCloseTo(0.62, within(0.02));
    assertThat(trials.get(0).weights().get(1)).isCloseTo(-0.2, within(0.02));
    assertThat(trials).isSortedAccordingTo((a, b) -> Double.compare(b.score(), a.score()));
    assertThat(trials).extracting(MergeSearch.Trial::weights).doesNotHaveDuplicates();
    assertThat(score.applyAsDouble(output)).isEqualTo(trials.get(0).score());
  }

  @Test
  void noMoreMergesAreScoredThanAllowedAndNoneIsLeft() throws IOException {
    List<Path> scored = new ArrayList<>();
    List<MergeSearch.Trial> trials =
        MergeSearch.of(half())
            .evaluations(3)
            .step(0.1)
            .run(
                merged -> {
                  scored.add(merged);
                  return scored.size() == 2 ? Double.NaN : 1;
                },
                folder.resolve("best"));
    assertThat(trials).hasSize(3);
    assertThat(trials.get(0).weights()).containsExactly(0.5, 0.5);
    assertThat(trials.get(2).score()).isNaN();
    assertThat(scored).hasSize(3).allMatch(Files::notExists);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("first", "second", "best");
    }
  }

  @Test
  void aScoreThatFailsLeavesNothingBehind() throws IOException {
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                MergeSearch.of(half())
                    .run(
                        merged -> {
                          throw new IllegalStateException("the exam failed");
                        },
                        folder.resolve("best")))
        .withMessage("the exam failed");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void whatCannotBeSearchedIsRefused() throws IOException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MergeSearch.of(ModelMerge.of(SUM)))
        .withMessageContaining("expected models");
    MergeSearch search = MergeSearch.of(half());
    assertThatIllegalArgumentException().isThrownBy(() -> search.step(0));
    assertThatIllegalArgumentException().isThrownBy(() -> search.evaluations(0));
    Path there = Files.createDirectory(folder.resolve("there"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> search.run(merged -> 1, there))
        .withMessageContaining("does not exist");
  }
}
