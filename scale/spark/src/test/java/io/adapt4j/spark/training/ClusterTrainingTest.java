package io.adapt4j.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.spark.SmallBert;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training, batch work and sharded data on executors in processes of their own. */
class ClusterTrainingTest {

  private static final String LORA = "method: {lora: {rank: 4, dropout: 0.1}}";

  @TempDir static Path folder;

  @AutoClose private static LocalCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    Recipe.data(folder, 24);
    cluster = LocalCluster.start(folder, "local-cluster[3,1,1024]");
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "2, 3"})
  void loraIsThatOfOneProcessToTheBit(int workers, int microBatches) throws IOException {
    assertSame("lora-" + workers + "-" + microBatches, workers, microBatches, LORA, "");
  }

  @Test
  void aScaleThatIsNoPowerOfTwoIsNoMatter() throws IOException {
    assertSame("scaled", 2, 2, "method: {lora: {rank: 4, alpha: 7, rankStabilized: true}}", "");
  }

  @Test
  void fullWeightsAreThoseOfOneProcessToTheBit() throws IOException {
    assertSame("full", 2, 2, "method: full", "");
  }

  @Test
  void theRowsOfDataFramesAreReadByExecutors() throws IOException {
    assertSame("frame", 2, 2, LORA, "frame");
    assertThat(folder.resolve("frame-spark/data/data/_shards.json")).exists();
  }

  @Test
  void encryptedGradientsAreTheSame() throws IOException {
    assertSame("encrypted", 2, 2, LORA, "encrypt");
  }

  @Test
  void batchWorkAndShardsAreThoseOfOneProcess() throws IOException {
    Path batch = folder.resolve("batch");
    SmallBert.embedder(batch.resolve("model"));
    cluster.order("batch " + batch);
    assertThat(cluster.line()).isEqualTo("executors 3 different 0 shards equal true");
  }

  private static void assertSame(
      String name, int workers, int microBatches, String method, String options)
      throws IOException {
    String[] keys = {method, "gradientAccumulation: " + microBatches};
    Path plain = Recipe.write(folder, name + "-plain", keys);
    Path spark = Recipe.write(folder, name + "-spark", keys);
    LocalCluster.Answer expected = cluster.run("plain " + plain);
    LocalCluster.Answer found = cluster.run((workers + " " + spark + " " + options).strip());
    assertThat(found).isEqualTo(expected);
    String weights =
        method.contains("lora") ? "last/adapter_model.safetensors" : "last/model.safetensors";
    assertThat(folder.resolve(name + "-spark").resolve(weights))
        .hasSameBinaryContentAs(folder.resolve(name + "-plain").resolve(weights));
  }
}
