package io.adapt4j.spark.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.FederatedException;
import io.adapt4j.federated.FederatedFineTuner;
import io.adapt4j.federated.FederatedReport;
import io.adapt4j.federated.Site;
import io.adapt4j.lora.Lora;
import io.adapt4j.qlora.QLora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sites that train in Spark tasks. */
class SparkSitesTest {

  @TempDir static Path folder;

  private static SparkSession session;
  private static Path north;
  private static Path south;

  @BeforeAll
  static void start() throws IOException {
    session =
        SparkSession.builder()
            .master("local[2]")
            .appName("federated")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            .getOrCreate();
    north = folder.resolve("north.jsonl");
    south = folder.resolve("south.jsonl");
    Files.writeString(north, "{\"text\": \"The north has snow and ice.\"}\n".repeat(6));
    Files.writeString(south, "{\"text\": \"The south has sand and sun.\"}\n".repeat(4));
  }

  @AfterAll
  static void stop() {
    session.stop();
  }

  private static FederatedFineTuner.Builder tuner(String output) {
    return FederatedFineTuner.builder()
        .model(ModelSource.path(Path.of("../../examples/models/stories260K").toAbsolutePath()))
        .method(Lora.rank(2))
        .rounds(1)
        .training((builder, round) -> builder.epochs(1).batchSize(2).learningRate(1e-3))
        .output(folder.resolve(output));
  }

  private static byte[] adapter(FederatedReport report) throws IOException {
    return Files.readAllBytes(report.adapter().orElseThrow().resolve("adapter_model.safetensors"));
  }

  @Test
  void sitesOnSparkGiveWhatOneProcessGives() throws IOException {
    Site first = Site.of("north", north);
    Site second = Site.of("south", south);
    FederatedReport here = tuner("here").site(first).site(second).build().run();
    FederatedReport there =
        tuner("there").site(first).site(second).build().run(SparkSites.on(session));

    assertThat(adapter(there)).isEqualTo(adapter(here));
  }

  @Test
  void sitesTrainOverAFourBitBase() throws IOException {
    QLora method = QLora.nf4().rank(2);
    FederatedReport here = sites(tuner("qlora-here").method(method)).run();
    FederatedReport there = sites(tuner("qlora-there").method(method)).run(SparkSites.on(session));

    assertThat(adapter(there)).isEqualTo(adapter(here));
    assertThat(here.rounds().get(0).sites())
        .allSatisfy(site -> assertThat(site.lastLoss()).isPositive());
    assertThat(adapter(sites(tuner("lora")).run())).isNotEqualTo(adapter(here));
  }

  private static FederatedFineTuner sites(FederatedFineTuner.Builder builder) {
    return builder.site(Site.of("north", north)).site(Site.of("south", south)).build();
  }

  @Test
  void eachPartitionOfAFrameIsASite() throws IOException {
    Dataset<Row> rows =
        session
            .createDataset(
                List.of("snow and ice", "snow and fog", "sand and sun", "sand and sea"),
                Encoders.STRING())
            .toDF("text")
            .coalesce(2);
    SparkSites partitions = SparkSites.ofPartitions(rows);
    FederatedFineTuner.Builder builder = tuner("partitions");
    partitions.sites().forEach(builder::site);

    FederatedReport report = builder.build().run(partitions);

    assertThat(report.rounds().get(0).sites())
        .hasSize(2)
        .allSatisfy(site -> assertThat(site.targetTokens()).isPositive());
  }

  @Test
  void siteWhoseDataIsElsewhereIsLeftOutWithTheReason() {
    FederatedFineTuner tuner =
        tuner("elsewhere")
            .site(Site.of("north", north))
            .site(Site.of("south", south).host("no-such-node"))
            .siteAttempts(1)
            .build();

    assertThatThrownBy(() -> tuner.run(SparkSites.on(session)))
        .isInstanceOf(FederatedException.class)
        .hasMessageContaining("south")
        .hasMessageContaining("its data is on no-such-node");
  }

  @Test
  void dataThatCannotBeSentIsRefusedWithTheRemedy() {
    FederatedFineTuner tuner =
        tuner("memory")
            .site(Site.of("memory", Datasets.of(List.of(new Example.Text("only here")))))
            .build();

    assertThatThrownBy(() -> tuner.run(SparkSites.on(session)))
        .isInstanceOf(FederatedException.class)
        .hasMessageContaining("cannot be sent")
        .hasMessageContaining("Give the site a path");
  }
}
