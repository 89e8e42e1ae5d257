package io.adapt4j.lora;

import static io.adapt4j.lora.LoraCase.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.merge.ModelMerge;
import io.adapt4j.core.method.MergeMethod;
import io.adapt4j.core.method.MergeMethod.Algorithm;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenSpan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several adapters on one base: switching and weighted sums. */
class SeveralAdaptersTest {

  @TempDir static Path folder;

  private static Path base;
  private static Path first;
  private static Path second;
  private static Path withHead;
  private static Path otherHead;
  private static Path dora;

  @BeforeAll
  static void writeAdapters() {
    base = folder.resolve("base");
    try (Decoder decoder = LoraCase.random(true, DType.F32)) {
      CheckpointFolder.write(
          base, base, LoraCase.config(true), Weights.tensors(decoder, StoredType.F32));
    }
    first = adapter("first", Lora.rank(4), 1);
    second =
        adapter("second", Lora.rank(4).alpha(4).targets(Targets.names("q_proj", "down_proj")), 2);
    withHead = adapter("with-head", Lora.rank(2).modulesToSave("lm_head"), 3);
    otherHead = adapter("other-head", Lora.rank(2).modulesToSave("lm_head"), 4);
    dora = adapter("dora", Lora.rank(2).dora(), 5);
  }

  private static Path adapter(String name, Lora lora, int seed) {
    Path output = folder.resolve(name);
    try (Decoder decoder = LoraCase.load(base, DType.F32);
        Adaptation adaptation = Methods.of(lora).attach(decoder, base, seed)) {
      SplittableRandom random = new SplittableRandom(seed);
      for (Trainable parameter : adaptation.trained()) {
        float[] values = parameter.value().toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) random.nextDouble(-0.1, 0.1);
        }
        try (Tensor moved = Tensor.of(values, parameter.value().sizes())) {
          parameter.value().copyFrom(moved);
        }
      }
      adaptation.refresh();
      adaptation.save(output);
    }
    return output;
  }

  @Test
  void switchingGivesWhatLoadingEachAloneGives() {
    long before = Tensor.live();
    List<Double> plain = scores(load());
    List<Double> alone = scores(load(first));
    List<Double> other = scores(load(withHead));
    List<Double> third = scores(load(otherHead));
    try (LanguageModel model = load(first)) {
      model.addAdapter("b", LoraAdapter.at(withHead));
      model.addAdapter("c", LoraAdapter.at(otherHead));
      assertThat(model.adapterNames()).containsExactly("first", "b", "c");
      assertThat(model.activeAdapters()).containsExactly("first");
      assertThat(score(model)).isEqualTo(alone);
      model.useAdapters("b");
      assertThat(score(model)).isEqualTo(other);
      model.useAdapters("c");
      assertThat(score(model)).isEqualTo(third);
      model.useAdapters();
      assertThat(score(model)).isEqualTo(plain);
      model.useAdapters("c", "b");
      model.useAdapters("b");
      assertThat(score(model)).isEqualTo(other);
      model.removeAdapter("b");
      assertThat(model.activeAdapters()).isEmpty();
      model.useAdapters("c");
      assertThat(score(model)).isEqualTo(third);
      model.useAdapters("first");
      model.removeAdapter("c");
      assertThat(score(model)).isEqualTo(alone);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void theBaseRunsInBetweenAndTheAdaptersComeBack() {
    List<Double> plain = scores(load());
    try (LanguageModel model = load(first, second)) {
      List<Double> both = score(model);
      assertThat(both).isNotEqualTo(scores(load(first)));
      assertThat(model.<List<Double>>withoutAdapters(() -> score(model))).isEqualTo(plain);
      assertThat(score(model)).isEqualTo(both);
      assertThatThrownBy(
              () ->
                  model.withoutAdapters(
                      () -> {
                        throw new IllegalStateException("from inside");
                      }))
          .hasMessage("from inside");
      assertThat(score(model)).isEqualTo(both);
      model.enableAdapters(false);
      assertThat(score(model)).isEqualTo(plain);
      model.enableAdapters(true);
      assertThat(score(model)).isEqualTo(both);
    }
  }

  @Test
  void adaptersInUseMergeTogetherAndComeOutAgain() {
    for (Path upper : List.of(second, dora)) {
      try (LanguageModel model = load(first, upper)) {
        List<Double> beside = score(model);
        model.mergeAdapters();
        assertClose(score(model), beside);
        assertThatThrownBy(() -> model.useAdapters()).hasMessageContaining("Unmerge");
        assertThatThrownBy(() -> model.addAdapter("x", LoraAdapter.at(first)))
            .hasMessageContaining("Unmerge");
        model.unmergeAdapters();
        assertClose(score(model), beside);
        model.useAdapters("first");
        model.mergeAdapters();
        assertClose(score(model), scores(load(first)));
      }
    }
  }

  @Test
  void namesAreChecked() {
    try (LanguageModel model = load(first, first)) {
      assertThat(model.adapterNames()).containsExactly("first", "first-2");
      assertThatThrownBy(() -> model.useAdapters("frist")).hasMessageContaining("[first, first-2]");
      assertThatThrownBy(() -> model.useAdapters("first", "first")).hasMessageContaining("once");
      assertThatThrownBy(() -> model.addAdapter("first", LoraAdapter.at(second)))
          .hasMessageContaining("cannot name another");
      assertThatThrownBy(() -> model.removeAdapter("x")).hasMessageContaining("found [x]");
    }
  }

  @Test
  void concatenationIsTheWeightedSumOfTheUpdates(@TempDir Path mix) throws IOException {
    AdapterMix.of(LoraAdapter.at(first), 0.7)
        .and(LoraAdapter.at(second), -0.5)
        .writeConcatenated(mix);
    assertThat(config(mix).get("r").asInt()).isEqualTo(8);
    assertThat(config(mix).get("lora_alpha").asInt()).isEqualTo(8);
    assertClose(difference(mix), sum(0.7, difference(first), -0.5, difference(second)));
  }

  @Test
  void svdOfEnoughRankIsThatSumTooAndOfLessIsNearer(@TempDir Path mix) throws IOException {
    AdapterMix both = AdapterMix.of(LoraAdapter.at(first), 1).and(LoraAdapter.at(second), 0.5);
    double[] wanted = sum(1, difference(first), 0.5, difference(second));
    both.writeSvd(mix, 8);
    assertClose(difference(mix), wanted);
    both.writeSvd(mix, 12);
    assertClose(difference(mix), wanted);
    double previous = Double.MAX_VALUE;
    for (int rank : new int[] {1, 2, 4, 6}) {
      both.writeSvd(mix, rank);
      assertThat(config(mix).get("r").asInt()).isEqualTo(rank);
      double error = error(difference(mix), wanted);
      assertThat(error).isLessThan(previous).isGreaterThan(1e-4);
      previous = error;
    }
  }

  @Test
  void linearAddsFactorsAsPeftDoes(@TempDir Path mix) {
    // Where adapters are equal, the factors of the sum are multiples of theirs.
    AdapterMix.of(LoraAdapter.at(first), 0.25).and(LoraAdapter.at(first), 0.25).writeLinear(mix);
    assertClose(difference(mix), sum(1, difference(first), 0, difference(first)));
    AdapterMix.of(LoraAdapter.at(first), 0.25).writeLinear(mix);
    assertClose(difference(mix), sum(0.25, difference(first), 0, difference(first)));
  }

  @Test
  void methodsMergeMatricesOrUpdates(@TempDir Path mix) throws IOException {
    AdapterMix both = AdapterMix.of(LoraAdapter.at(first), 1).and(LoraAdapter.at(second), 0.5);
    MergeMethod sum = MergeMethod.peft(Algorithm.LINEAR);
    both.writeSvd(mix, 8, sum);
    assertClose(difference(mix), sum(1, difference(first), 0.5, difference(second)));
    both.writeSvd(mix, 8, MergeMethod.mergekit(Algorithm.LINEAR).normalize(false));
    assertClose(difference(mix), sum(1, difference(first), 0.5, difference(second)));
    both.write(mix, MergeMethod.peft(Algorithm.LINEAR));
    double[] matrices = difference(mix);
    both.writeLinear(mix);
    assertClose(difference(mix), matrices);
    both.write(mix, MergeMethod.peft(Algorithm.DARE_TIES).density(0.5));
    double[] pruned = difference(mix);
    both.seed(0).write(mix, MergeMethod.peft(Algorithm.DARE_TIES).density(0.5));
    assertThat(difference(mix)).isEqualTo(pruned);
    both.seed(1).write(mix, MergeMethod.peft(Algorithm.DARE_TIES).density(0.5));
    assertThat(error(difference(mix), pruned)).isGreaterThan(1e-3);
    assertThatThrownBy(() -> both.write(mix, MergeMethod.mergekit(Algorithm.TIES)))
        .hasMessageContaining("PEFT");
    assertThatThrownBy(() -> both.writeSvd(mix, 4, MergeMethod.mergekit(Algorithm.SLERP)))
        .hasMessageContaining("SLERP");
  }

  @Test
  void modelsWithAdaptersMergeAsTheirMergedCheckpointsDo(@TempDir Path folder) {
    Path one = folder.resolve("one");
    Path other = folder.resolve("other");
    LoraAdapter.at(first).writeMerged(base, one);
    LoraAdapter.at(dora).writeMerged(base, other);
    for (Algorithm algorithm :
        List.of(Algorithm.TASK_ARITHMETIC, Algorithm.DARE_LINEAR, Algorithm.MODEL_STOCK)) {
      ModelMerge merge = ModelMerge.of(MergeMethod.mergekit(algorithm).density(0.7)).base(base);
      Path plain = folder.resolve(algorithm + "-plain");
      Path adapted = folder.resolve(algorithm + "-adapted");
      merge.and(one, 0.6).and(other, 0.5).density(0.4).write(plain);
      merge
          .and(base, LoraAdapter.at(first), 0.6)
          .and(base, LoraAdapter.at(dora), 0.5)
          .density(0.4)
          .write(adapted);
      double[] wanted = difference(plain, base);
      assertThat(error(difference(adapted, base), wanted)).isLessThan(1e-4);
      assertThat(error(wanted, new double[wanted.length])).isGreaterThan(1e-3);
    }
  }

  @Test
  void mergesOfModelsThatDifferAreRefused(@TempDir Path folder) {
    ModelMerge ties = ModelMerge.of(MergeMethod.mergekit(Algorithm.TIES)).and(base, 1);
    assertThatThrownBy(() -> ties.write(folder.resolve("out"))).hasMessageContaining("base");
    assertThatThrownBy(() -> ties.base(base).write(base)).hasMessageContaining("output");
    assertThatThrownBy(
            () -> ties.base(LoraCase.golden("models/llama")).write(folder.resolve("out")))
        .hasMessageContaining("one architecture");
    assertThatThrownBy(
            () ->
                ModelMerge.of(MergeMethod.mergekit(Algorithm.SLERP))
                    .base(base)
                    .and(base, 1)
                    .and(base, 1)
                    .write(folder.resolve("out")))
        .hasMessageContaining("1 besides the base");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  /** Returns the differences of two matrices of two models. */
  private static double[] difference(Path model, Path from) {
    try (Decoder one = LoraCase.load(model, DType.F32);
        Decoder other = LoraCase.load(from, DType.F32)) {
      return sum(1, matrices(one), -1, matrices(other));
    }
  }

  @Test
  void mixesThatCannotBeMadeSayWhy(@TempDir Path mix) {
    AdapterMix adapterMix = AdapterMix.of(LoraAdapter.at(first), 1);
    assertThatThrownBy(() -> adapterMix.and(LoraAdapter.at(dora), 1).writeConcatenated(mix))
        .hasMessageContaining("'dora' has DoRA");
    assertThatThrownBy(() -> adapterMix.and(LoraAdapter.at(second), -1).writeLinear(mix))
        .hasMessageContaining("root");
    Path small = adapter("small", Lora.rank(2), 9);
    assertThatThrownBy(() -> adapterMix.and(LoraAdapter.at(small), 1).writeLinear(mix))
        .hasMessageContaining("one rank");
    LoraAdapter foreign = LoraAdapter.at(LoraCase.golden("lora/llama_qv/random"));
    assertThatThrownBy(() -> adapterMix.and(foreign, 1).writeConcatenated(mix))
        .hasMessageContaining("different bases");
  }

  /** What an adapter adds to two merged matrices of the base, one after the other. */
  private static double[] difference(Path adapter) {
    try (Decoder decoder = LoraCase.load(base, DType.F32)) {
      double[] before = matrices(decoder);
      try (AttachedAdapter attached =
          AdapterMechanics.of(LoraAdapter.at(adapter)).attach(decoder)) {
        attached.merge();
        double[] after = matrices(decoder);
        return sum(1, after, -1, before);
      }
    }
  }

  private static double[] matrices(Decoder decoder) {
    float[] shared = LoraCase.weights(decoder).get("model.layers.1.self_attn.q_proj.weight");
    float[] single = LoraCase.weights(decoder).get("model.layers.0.mlp.up_proj.weight");
    double[] all = new double[shared.length + single.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = i < shared.length ? shared[i] : single[i - shared.length];
    }
    return all;
  }

  private static double[] sum(double x, double[] a, double y, double[] b) {
    double[] sum = new double[a.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = x * a[i] + y * b[i];
    }
    return sum;
  }

  private static double error(double[] found, double[] wanted) {
    double sum = 0;
    for (int i = 0; i < wanted.length; i++) {
      sum += Math.pow(found[i] - wanted[i], 2);
    }
    return Math.sqrt(sum);
  }

  private static void assertClose(double[] found, double[] wanted) {
    assertThat(error(found, wanted)).isLessThan(2e-5);
  }

  private static void assertClose(List<Double> found, List<Double> wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      assertThat(found.get(i)).isCloseTo(wanted.get(i), within(1e-4));
    }
  }

  private static LanguageModel load(Path... adapters) {
    LoraAdapter[] all = new LoraAdapter[adapters.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = LoraAdapter.at(adapters[i]);
    }
    return LanguageModel.load(ModelSource.path(base), Precision.FP32, all);
  }

  private static List<Double> scores(LanguageModel loaded) {
    try (LanguageModel model = loaded) {
      return score(model);
    }
  }

  private static List<Double> score(LanguageModel model) {
    TokenSpan span = new TokenSpan(new int[] {11, 48, 85}, new int[] {26, 63, 4, 41});
    return model.scoreIds(List.of(span)).get(0).logProbabilities();
  }
}
