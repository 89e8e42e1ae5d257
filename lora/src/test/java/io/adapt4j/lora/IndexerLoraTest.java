package io.adapt4j.lora;

import static io.adapt4j.core.internal.nn.TestNetworks.network;
import static io.adapt4j.lora.LoraCase.distance;
import static io.adapt4j.lora.LoraCase.family;
import static io.adapt4j.lora.LoraCase.ids;
import static io.adapt4j.lora.LoraCase.outputs;
import static io.adapt4j.lora.LoraCase.randomize;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Adapters of the indexer that chooses tokens, as PEFT's {@code all-linear} makes them: they are
 * read, and not trained.
 */
class IndexerLoraTest {

  /** A text of which 20 or 22 tokens are read. */
  private static final long[] IDS = ids(40, 30);

  private static final Lora INDEXER =
      Lora.rank(2).alpha(4).targets(Targets.names("wq_b", "wk", "weights_proj", "o_proj"));

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"deepseek_v32", "glm_moe_dsa", "glm_moe_dsa_shared"})
  void tokensAreChosenWithTheAdaptedWeights(String family) {
    Path base = family(family);
    Path adapted = folder.resolve("adapter");
    float[] plain;
    try (Network network = network(base)) {
      plain = outputs(network, IDS);
      try (Adaptation adaptation = Methods.of(INDEXER).attach(network, base, 1)) {
        List<Trainable> indexers =
            adaptation.trained().stream().filter(tensor -> indexes(tensor.name())).toList();
        assertThat(indexers).hasSize(2 * 2 * 3);
        randomize(adaptation, indexers, 1);
        adaptation.save(adapted);
      }
    }
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapted).writeMerged(base, merged);
    float[] wanted;
    try (Network network = network(merged)) {
      wanted = outputs(network, IDS);
    }
    assertThat(distance(wanted, plain)).isGreaterThan(1e-2);
    try (Network network = network(base);
        AttachedAdapter adapter = AdapterMechanics.of(LoraAdapter.at(adapted)).attach(network)) {
      assertThat(distance(outputs(network, IDS), wanted)).isLessThan(3e-5);
      adapter.merge();
      assertThat(distance(outputs(network, IDS), wanted)).isLessThan(3e-5);
      adapter.unmerge();
      assertThat(distance(outputs(network, IDS), wanted)).isLessThan(3e-5);
    }
  }

  private static boolean indexes(String tensor) {
    return tensor.contains(".indexer.");
  }

  @Test
  void trainingThemIsRefused() {
    Path base = family("deepseek_v32");
    try (Network network = network(base)) {
      assertThat(Methods.of(INDEXER).problems(network, base))
          .singleElement()
          .asString()
          .startsWith(
              "The LoRA targets match model.layers.0.self_attn.indexer.wq_b and 5 more, which only"
                  + " chooses the tokens that attention reads and has no gradient");
      try (Adaptation adaptation = Methods.of(INDEXER).attach(network, base, 1)) {
        adaptation.save(folder);
      }
      assertThat(Methods.of(Lora.continuing(folder)).problems(network, base))
          .singleElement()
          .asString()
          .contains("merge an adapter that changes it into its base before training goes on");
    }
  }

  @Test
  void allLinearLayersLeaveThemOut() {
    Path base = family("glm_moe_dsa_shared");
    Lora all = Lora.rank(2).targets(Targets.ALL_LINEAR);
    try (Network network = network(base)) {
      assertThat(Methods.of(all).problems(network, base)).isEmpty();
      try (Adaptation adaptation = Methods.of(all).attach(network, base, 1)) {
        assertThat(adaptation.trained()).isNotEmpty().noneMatch(part -> indexes(part.name()));
      }
    }
  }
}
