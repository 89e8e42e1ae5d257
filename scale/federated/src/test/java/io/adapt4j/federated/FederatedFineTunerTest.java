package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounds over three sites on a tiny model. */
class FederatedFineTunerTest {

  @TempDir Path folder;

  private static double loss(ModelSource base, Optional<Path> adapter) {
    Adapter[] adapters = adapter.map(LoraAdapter::at).stream().toArray(Adapter[]::new);
    double sum = 0;
    int tokens = 0;
    try (LanguageModel model = LanguageModel.load(base, Precision.FP32, adapters)) {
      for (int site = 0; site < 3; site++) {
        Dataset rows = StorySites.rows(site);
        for (int row = 0; row < rows.size(); row++) {
          TokenScores scores = model.score("", ((Example.Text) rows.get(row)).text());
          sum -= scores.sum();
          tokens += scores.tokenIds().size();
        }
      }
    }
    return sum / tokens;
  }

  private static FederatedFineTuner.Builder twoSites(Path output) {
    return StorySites.options(output).site(StorySites.site(0)).site(StorySites.site(1));
  }

  private static double before() {
    return loss(ModelSource.path(StorySites.MODEL), Optional.empty());
  }

  private static double after(FederatedReport report) {
    return loss(ModelSource.path(report.model().orElse(StorySites.MODEL)), report.adapter());
  }

  private static byte[] weights(FederatedReport report) throws IOException {
    return Files.readAllBytes(report.adapter().orElseThrow().resolve("adapter_model.safetensors"));
  }

  @Test
  void adapterOfThreeSitesLearnsFromAll() {
    FederatedReport report =
        twoSites(folder.resolve("run")).site(StorySites.site(2).rank(2)).build().run();

    assertThat(after(report)).isLessThan(before() * 0.5);
    assertThat(report.model()).isEmpty();
    assertThat(report.rounds()).hasSize(2);
    assertThat(report.rounds().get(1).sites())
        .hasSize(3)
        .allSatisfy(site -> assertThat(site.lastLoss()).isPositive());
    assertThat(report.rounds().get(0).sites().stream().mapToDouble(SiteReport::weight).sum())
        .isCloseTo(1, within(1e-9));
    assertThat(report.text()).contains("STACK_SVD: 2 rounds");
  }

  @Test
  void sitesThatCombineAfterAFewStepsEndTheirRoundsThere() throws IOException {
    FederatedFineTuner.Builder run =
        twoSites(folder.resolve("run")).site(StorySites.site(2)).rounds(1);
    FederatedReport whole = run.build().run();
    byte[] weights = weights(whole);
    FederatedReport some = run.overwriteOutput().localSteps(3).build().run();

    assertThat(whole.rounds().get(0).sites())
        .extracting(SiteReport::steps)
        .containsExactly(2, 3, 4);
    assertThat(some.rounds().get(0).sites()).extracting(SiteReport::steps).containsExactly(2, 3, 3);
    assertThat(weights(some)).isNotEqualTo(weights);
    assertThatThrownBy(
            () -> StorySites.options(folder.resolve("run")).rounds(2).localSteps(0).build())
        .hasMessageContaining("localSteps must be at least 1, found 0");
  }

  @ParameterizedTest
  @EnumSource(names = {"STACK_MERGE", "RESIDUAL"})
  void waysThatChangeTheBaseWriteModelsThatLoad(Aggregation how) {
    List<Double> losses = new ArrayList<>();
    FederatedReport report =
        twoSites(folder.resolve("run"))
            .aggregation(how)
            .listener((round, base, adapter) -> losses.add(loss(base, adapter)))
            .build()
            .run();

    assertThat(report.model()).isPresent();
    assertThat(report.adapter().isPresent()).isEqualTo(how == Aggregation.RESIDUAL);
    assertThat(after(report)).isLessThan(before() * 0.7);
    assertThat(losses).hasSize(2).element(1).isEqualTo(after(report));
  }

  @Test
  void noiseOnTheSumIsReportedAndTheSameSeedGivesTheSame() throws IOException {
    FederatedReport first = noisy("first", 1);
    assertThat(weights(noisy("same", 1))).isEqualTo(weights(first));
    assertThat(weights(noisy("other", 2))).isNotEqualTo(weights(first));
    assertThat(first.rounds().get(0).epsilon())
        .hasValue(new GaussianAccountant(0.8, 1).epsilon(1, 1e-3));
  }

  private FederatedReport noisy(String name, long seed) {
    return noisyRun(name, seed).build().run();
  }

  private FederatedFineTuner.Builder noisyRun(String name, long seed) {
    return twoSites(folder.resolve(name))
        .rounds(1)
        .aggregation(Aggregation.FREEZE_A)
        .privacy(Privacy.central(0.1, 0.8, 1e-3).insecureNoise(seed));
  }

  @Test
  void aDamagedRoundIsRepeatedFromTheOneBefore() throws IOException {
    Path output = folder.resolve("run");
    byte[] whole = weights(twoSites(output).build().run());
    for (String file : List.of("adapter/adapter_model.safetensors", "federated.json")) {
      damage(output.resolve("rounds/round-0002").resolve(file));
      assertThat(weights(twoSites(output).resume().build().run())).as(file).isEqualTo(whole);
    }
    damage(output.resolve("rounds/round-0002/federated.json"));
    damage(output.resolve("rounds/round-0001/adapter/adapter_config.json"));
    assertThatThrownBy(() -> twoSites(output).resume().build().run())
        .isInstanceOf(FederatedException.class)
        .hasMessageContainingAll(
            "No round can be gone on from",
            "round-0002 is damaged: its checksum is",
            "round-0001 is damaged: adapter/adapter_config.json is damaged",
            "overwriteOutput()");
  }

  @Test
  void aDamagedRoundWithNoiseIsNotRepeated() throws IOException {
    noisy("run", 1);
    damage(folder.resolve("run/rounds/round-0001/adapter/adapter_model.safetensors"));
    assertThatThrownBy(() -> noisyRun("run", 1).resume().build().run())
        .isInstanceOf(FederatedException.class)
        .hasMessageContainingAll("round-0001 is damaged", "spend privacy", "from a copy");
  }

  private static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 5] ^= 1;
    Files.write(file, bytes);
  }

  @Test
  void runCutOffInARoundGoesOnAfterTheLastWholeOne() throws IOException {
    byte[] whole = weights(twoSites(folder.resolve("whole")).build().run());
    AtomicInteger opened = new AtomicInteger();
    SiteData failing =
        () -> {
          if (opened.incrementAndGet() > 1) {
            throw new IllegalStateException("the site went away");
          }
          return StorySites.rows(1);
        };
    Path output = folder.resolve("cut");
    FederatedFineTuner cut =
        StorySites.options(output)
            .site(StorySites.site(0))
            .site(Site.of("site-1", failing))
            .build();
    assertThatThrownBy(cut::run)
        .isInstanceOf(FederatedException.class)
        .hasMessageContaining("Round 2 has 1 updates of at least 2")
        .hasMessageContaining("site-1: IllegalStateException: the site went away");

    FederatedReport resumed = twoSites(output).resume().build().run();

    assertThat(weights(resumed)).isEqualTo(whole);
    assertThat(resumed.rounds()).hasSize(2);
  }
}
