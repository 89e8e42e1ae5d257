package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.internal.AdapterFiles;
import io.adapt4j.federated.internal.AdapterWriter;
import io.adapt4j.federated.internal.LowRank;
import io.adapt4j.federated.internal.StoredAdapter;
import io.adapt4j.lora.Lora;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The common adapter of one round, from updates of sites that are known to the last value. */
class RoundAggregationTest {

  private static final String MODULE = "base_model.model.q";
  private static final String HEAD = "base_model.model.score.weight";
  private static final int VALUES = 2_000;

  @TempDir Path folder;

  private AdapterFiles start;

  @BeforeEach
  void writeStart() {
    start = adapter("start", 1, 1);
  }

  /** Values of B and of a module that trains in full; A is ones. */
  private AdapterFiles adapter(String name, float b, float head) {
    AdapterWriter writer = new AdapterWriter();
    try (Scope scope = Scope.open()) {
      writer.factors(MODULE, LowRank.of(constant(b, VALUES, 1), constant(1, 1, 2)), 2);
      writer.tensor(HEAD, constant(head, 2));
      writer.write(
          folder.resolve(name), JsonNodeFactory.instance.objectNode().put("peft_type", "LORA"));
    }
    return AdapterFiles.read(folder.resolve(name));
  }

  private static Tensor constant(float value, long... sizes) {
    int count = 1;
    for (long size : sizes) {
      count *= (int) size;
    }
    float[] values = new float[count];
    Arrays.fill(values, value);
    return Tensor.of(values, sizes);
  }

  private FederatedFineTuner.Builder options() {
    return FederatedFineTuner.builder()
        .model(ModelSource.path(folder))
        .method(Lora.rank(1).alpha(2))
        .aggregation(Aggregation.FREEZE_A)
        .rounds(1)
        .output(folder.resolve("run"));
  }

  /** Runs a round whose sites end at the given adapters with the given counts of tokens. */
  private FederatedReport run(
      FederatedFineTuner.Builder options, List<AdapterFiles> ends, List<Long> tokens) {
    for (int i = 0; i < ends.size(); i++) {
      options.site(Site.of("s" + i, folder));
    }
    return options
        .build()
        .run(
            jobs ->
                jobs.stream()
                    .map(
                        job -> {
                          int site = Integer.parseInt(job.site().substring(1));
                          return SiteResult.of(
                              job.stamp(),
                              job.round() == 0 ? start : ends.get(site),
                              tokens.get(site),
                              1,
                              2,
                              1,
                              Duration.ZERO);
                        })
                    .toList());
  }

  private float[] result(String tensor) {
    try (StoredAdapter adapter = StoredAdapter.open(folder.resolve("run/adapter"));
        Scope scope = Scope.open()) {
      return adapter.tensor(tensor).toFloats();
    }
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double deviation(float[] values) {
    double mean = mean(values);
    double squares = 0;
    for (float value : values) {
      squares += (value - mean) * (value - mean);
    }
    return Math.sqrt(squares / values.length);
  }

  @Test
  void sitesWeighByTheirTokens() {
    FederatedReport report =
        run(options(), List.of(adapter("one", 2, 3), adapter("two", 6, -1)), List.of(10L, 30L));

    assertThat(report.rounds().get(0).sites())
        .extracting(SiteReport::weight)
        .containsExactly(0.25, 0.75);
    assertThat(mean(result(MODULE + ".lora_B.weight"))).isCloseTo(5, within(1e-6));
    assertThat(result(HEAD)).containsExactly(0, 0);
  }

  @Test
  void siteWeighsNoMoreThanTheLimit() {
    FederatedReport report =
        run(
            options().maxSiteWeight(0.6),
            List.of(adapter("one", 2, 1), adapter("two", 3, 1), adapter("three", 101, 1)),
            List.of(10L, 30L, 1_000_000L));

    assertThat(report.rounds().get(0).sites())
        .extracting(SiteReport::weight)
        .containsExactly(0.1, 0.3, 0.6);
    assertThat(mean(result(MODULE + ".lora_B.weight"))).isCloseTo(61.7, within(1e-4));
  }

  /** B changes by 3 in 2,000 values: a length of 134.16, of which 13.416 are left. */
  @Test
  void longUpdatesAreCutToTheLimitInAllTheirTensors() {
    double length = Math.sqrt(VALUES * 9 + 2 * 4);
    FederatedReport report =
        run(
            options().privacy(Privacy.clipping(length / 10)),
            List.of(adapter("one", 4, 3)),
            List.of(10L));

    assertThat(report.rounds().get(0).sites().get(0).updateNorm()).isCloseTo(length, within(1e-3));
    assertThat(mean(result(MODULE + ".lora_B.weight"))).isCloseTo(1.3, within(1e-5));
    assertThat(mean(result(HEAD))).isCloseTo(1.2, within(1e-5));
  }

  @Test
  void shortUpdatesCountWhole() {
    run(options().privacy(Privacy.clipping(1e6)), List.of(adapter("one", 4, 3)), List.of(10L));

    assertThat(mean(result(MODULE + ".lora_B.weight"))).isCloseTo(4, within(1e-5));
    assertThat(mean(result(HEAD))).isCloseTo(3, within(1e-5));
  }

  /** Noise on the sum has z times the limit; the mean of four sites has a quarter of it. */
  @Test
  void noiseOfTheMeanIsThatOfTheSumOverTheSites() {
    List<AdapterFiles> ends = List.of(start, start, start, start);
    FederatedReport report =
        run(
            options().privacy(Privacy.central(0.5, 2, 1e-5).insecureNoise(3)),
            ends,
            List.of(1L, 10L, 100L, 1_000L));

    assertThat(deviation(result(MODULE + ".lora_B.weight"))).isCloseTo(0.25, within(0.02));
    assertThat(report.rounds().get(0).sites()).extracting(SiteReport::weight).containsOnly(0.25);
  }

  @Test
  void withNoiseAtTheSitesAllWeighTheSameAndNoNoiseIsAdded() {
    FederatedReport report =
        run(
            options().privacy(Privacy.atSites(1e6, 1e-9, 1e-5)),
            List.of(adapter("one", 2, 1), adapter("two", 4, 1)),
            List.of(1L, 1_000L));

    assertThat(report.rounds().get(0).sites()).extracting(SiteReport::weight).containsOnly(0.5);
    assertThat(mean(result(MODULE + ".lora_B.weight"))).isCloseTo(3, within(1e-6));
    assertThat(deviation(result(MODULE + ".lora_B.weight"))).isZero();
  }

  /** A site that fails leaves its part of the expected sites to the common adapter. */
  @Test
  void missingSitesOfANoisySumLeaveTheCommonAdapterInTheirPlace() {
    AdapterFiles end = adapter("one", 5, 1);
    FederatedFineTuner.Builder options =
        options().privacy(Privacy.central(1e6, 1e-12, 1e-5).insecureNoise(1)).minSites(1);
    options.siteAttempts(1).site(Site.of("s0", folder)).site(Site.of("s1", folder));
    options
        .build()
        .run(
            jobs ->
                jobs.stream()
                    .map(
                        job ->
                            job.round() == 1 && job.site().equals("s1")
                                ? job.failed("lost")
                                : SiteResult.of(
                                    job.stamp(),
                                    job.round() == 0 ? start : end,
                                    1,
                                    1,
                                    2,
                                    1,
                                    Duration.ZERO))
                    .toList());

    assertThat(mean(result(MODULE + ".lora_B.weight"))).isCloseTo(3, within(1e-3));
  }

  @Test
  void aThatMustStayIsNotTaken() {
    AdapterWriter writer = new AdapterWriter();
    try (Scope scope = Scope.open()) {
      writer.factors(MODULE, LowRank.of(constant(1, VALUES, 1), constant(2, 1, 2)), 2);
      writer.tensor(HEAD, constant(1, 2));
      writer.write(
          folder.resolve("a"), JsonNodeFactory.instance.objectNode().put("peft_type", "LORA"));
    }
    AdapterFiles changed = AdapterFiles.read(folder.resolve("a"));
    FederatedReport report = run(options().minSites(1), List.of(start, changed), List.of(1L, 1L));

    assertThat(report.rounds().get(0).leftOut().get(0).failure())
        .contains("the site changed A, which FREEZE_A keeps as it is");
  }
}
