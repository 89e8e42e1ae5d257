package io.adapt4j.core.internal.nn;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.TaskAdapters;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The adapters of tasks in jina-embeddings-v3 as it is published, against the reference. */
class PublishedJinaTest {

  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(strings = {"retrieval.query", "retrieval.passage", "separation"})
  void theHiddenStatesOfATaskEqualTheReference(String task) {
    try (FamilyFolder folder = FamilyFolder.open("jina_v3_published_features");
        Checkpoint stored = Checkpoint.open(folder.path());
        Network network = Architectures.declare(ModelConfig.read(folder.path()))) {
      TaskAdapters adapters = TaskAdapters.in(folder.path()).orElseThrow();
      List<String> names = adapters.names();
      Checkpoint adapted =
          stored.adapted(names.indexOf(task), names.size(), adapters.rank(), adapters.factor());
      Weights.check(network, adapted);
      network.allocate(DType.F32);
      Weights.load(network, adapted);
      Batch batch = folder.batch("");
      float[] found = FamilyFolder.hidden(network, batch);
      assertThat(folder.error("task." + task, found, batch)).isLessThan(TOLERANCE);
      assertThat(folder.error("last_hidden_state", found, batch)).isGreaterThan(0.1);
    }
  }
}
