package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.internal.AdapterFiles;
import io.adapt4j.federated.internal.AdapterWriter;
import io.adapt4j.federated.internal.LowRank;
import io.adapt4j.federated.internal.StoredAdapter;
import io.adapt4j.lora.Lora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A site that returns what it likes: it costs the round its own update, and nothing else. */
class HostileSiteTest {

  private static final String HOSTILE = "site-2";
  private static final String MODULE = "base_model.model.q";

  @TempDir Path folder;

  private AdapterFiles adapter;

  @BeforeEach
  void writeAdapter() {
    adapter = adapter("adapter", new float[] {1, 2, 3}, new float[] {1, 1});
  }

  private AdapterFiles adapter(String name, float[] b, float[] a) {
    AdapterWriter writer = new AdapterWriter();
    try (Scope scope = Scope.open()) {
      writer.factors(MODULE, LowRank.of(Tensor.of(b, b.length, 1), Tensor.of(a, 1, a.length)), 16);
      writer.write(
          folder.resolve(name), JsonNodeFactory.instance.objectNode().put("peft_type", "LORA"));
    }
    return AdapterFiles.read(folder.resolve(name));
  }

  private AdapterFiles with(String name, byte[] content) {
    Map<String, byte[]> files = new TreeMap<>(adapter.files());
    files.put(name, content);
    return new AdapterFiles(files);
  }

  private static SiteResult answer(JobStamp stamp, AdapterFiles files, long tokens) {
    return SiteResult.of(stamp, files, tokens, 1, 2, 1, Duration.ZERO);
  }

  private SiteResult good(SiteJob job) {
    return answer(job.stamp(), adapter, 10);
  }

  private FederatedFineTuner.Builder sites() {
    FederatedFineTuner.Builder builder =
        FederatedFineTuner.builder()
            .model(ModelSource.path(folder))
            .method(Lora.rank(1).alpha(16))
            .rounds(2)
            .minSites(2)
            .siteAttempts(1)
            .output(folder.resolve("run"));
    for (int i = 0; i < 3; i++) {
      builder.site(Site.of("site-" + i, folder.resolve("data")));
    }
    return builder;
  }

  /** Runs with a hostile site from round 1 on, and returns the report of round 1. */
  private RoundReport run(Function<SiteJob, SiteResult> hostile) {
    return sites()
        .build()
        .run(
            jobs -> {
              List<SiteResult> results = new ArrayList<>();
              for (SiteJob job : jobs) {
                boolean attacked = job.round() > 0 && job.site().equals(HOSTILE);
                results.add(attacked ? hostile.apply(job) : good(job));
              }
              return results;
            })
        .rounds()
        .get(0);
  }

  private void leftOut(Function<SiteJob, SiteResult> hostile, String reason) {
    RoundReport round = run(hostile);
    assertThat(round.leftOut()).singleElement().extracting(SiteReport::site).isEqualTo(HOSTILE);
    assertThat(round.leftOut().get(0).failure().orElseThrow()).contains(reason);
  }

  private List<String> everything() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.map(Path::toString).sorted().toList();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../PWNED",
        "/tmp/PWNED",
        "a/b",
        "..",
        ".",
        "",
        "PWNED\0",
        "PWNED",
        "provenance.json",
        "adapter_model.safetensors/../PWNED",
        "C:\\PWNED"
      })
  void nameOfAFileLeadsNowhere(String name) throws IOException {
    List<String> before = everything();
    leftOut(
        job -> answer(job.stamp(), with(name, new byte[] {1}), 10), "a file that no adapter has");

    assertThat(everything()).noneMatch(path -> path.contains("PWNED")).containsAll(before);
    assertThat(Path.of("/tmp/PWNED")).doesNotExist();
    assertThatThrownBy(() -> with(name, new byte[] {1}).write(folder.resolve("direct")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(folder.resolve("direct")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 20, 21, 100})
  void nanInTheFirstValueIsFoundWhateverTheSize(int size) {
    float[] b = new float[size];
    Arrays.fill(b, 1);
    adapter = adapter("start", b, new float[] {1, 1});
    float[] broken = b.clone();
    broken[0] = Float.NaN;
    AdapterFiles nan = adapter("nan", broken, new float[] {1, 1});

    leftOut(job -> answer(job.stamp(), nan, 10), "not finite");
  }

  @ParameterizedTest
  @ValueSource(floats = {1e30f, -1e6f, Float.POSITIVE_INFINITY})
  void valuesThatNoAdapterHasAreRefused(float value) {
    AdapterFiles huge = adapter("huge", new float[] {1, value, 3}, new float[] {1, 1});

    leftOut(
        job -> answer(job.stamp(), huge, 10),
        Float.isInfinite(value) ? "not finite" : "values above 65504");
  }

  @Test
  void resultOfAnEarlierRoundIsNotTakenAgain() {
    List<JobStamp> stamps = new ArrayList<>();
    FederatedReport report =
        sites()
            .build()
            .run(
                jobs ->
                    jobs.stream()
                        .map(
                            job -> {
                              if (job.site().equals(HOSTILE)) {
                                stamps.add(job.stamp());
                                return answer(stamps.get(0), adapter, 10);
                              }
                              return good(job);
                            })
                        .toList());

    assertThat(report.rounds().get(0).leftOut()).isEmpty();
    assertThat(report.rounds().get(1).leftOut().get(0).failure())
        .contains("its result is of round 1, not 2");
  }

  @Test
  void resultSpeaksForItsOwnJobOnly() {
    leftOut(
        job -> answer(new JobStamp(HOSTILE, 1, job.stamp().base(), "0".repeat(32)), adapter, 10),
        "another job of this round, or of an earlier run");
    deleteRun();
    leftOut(
        job -> answer(new JobStamp(HOSTILE, 1, "other", job.stamp().nonce()), adapter, 10),
        "for another base");
    deleteRun();
    leftOut(
        job -> answer(new JobStamp("site-0", 1, job.stamp().base(), "guess"), adapter, 10),
        "the runner returned no result");
    deleteRun();
    leftOut(job -> answer(new JobStamp("site-9", 1, "", ""), adapter, 10), "no result");
  }

  private void deleteRun() {
    try {
      Temporaries.deleteTree(folder.resolve("run"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void missingResultsAndPartsAreFailuresOfTheSite() {
    leftOut(job -> null, "the runner returned no result");
    deleteRun();
    leftOut(job -> answer(job.stamp(), null, 10), "neither an adapter nor a reason");
    deleteRun();
    leftOut(job -> answer(job.stamp(), new AdapterFiles(null), 10), "no files");
    deleteRun();
    leftOut(job -> answer(job.stamp(), new AdapterFiles(Map.of()), 10), "no adapter_config.json");
    deleteRun();
    leftOut(
        job ->
            answer(job.stamp(), new AdapterFiles(Collections.singletonMap("vocab.json", null)), 1),
        "no content of vocab.json");
    deleteRun();
    leftOut(
        job -> answer(job.stamp(), with(StoredAdapter.WEIGHTS, new byte[] {1, 2, 3}), 10),
        "the site returned no adapter");
    deleteRun();
    leftOut(
        job -> answer(job.stamp(), with(StoredAdapter.WEIGHTS, new byte[2 << 20]), 10),
        "more than");
    deleteRun();
    leftOut(
        job -> SiteResult.of(job.stamp(), adapter, 10, -1, 2, 1, Duration.ZERO), "negative number");
    deleteRun();
    leftOut(job -> SiteResult.of(job.stamp(), adapter, 10, 1, 2, 1, null), "duration");
  }

  @Test
  void reasonsOfSitesAreOneShortLine() {
    leftOut(
        job -> job.failed("gone\n2026-01-01 INFO all is well\0" + "x".repeat(9_000)),
        "gone 2026-01-01 INFO all is well xxx");
  }

  @Test
  void countsOfTokensAreBounded() {
    leftOut(job -> answer(job.stamp(), adapter, Long.MAX_VALUE), "tokens, more than");
    deleteRun();
    leftOut(job -> answer(job.stamp(), adapter, 0), "learned from no token");
    deleteRun();
    RoundReport round = run(job -> answer(job.stamp(), adapter, ResultCheck.MAX_TARGET_TOKENS));
    assertThat(round.sites()).extracting(SiteReport::weight).containsExactly(0.25, 0.25, 0.5);
  }

  @Test
  void configurationOfASiteDecidesNothing() {
    byte[] config =
        "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1e30}"
            .getBytes(StandardCharsets.UTF_8);
    RoundReport round = run(job -> answer(job.stamp(), with(StoredAdapter.CONFIG, config), 10));

    assertThat(round.leftOut()).isEmpty();
    assertThat(folder.resolve("run/adapter/adapter_config.json"))
        .content()
        .contains("\"lora_alpha\": 16");
  }

  @Test
  void firstAdapterIsThatOfTheMethod() {
    AdapterFiles scaled =
        with(
            StoredAdapter.CONFIG,
            "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1000}"
                .getBytes(StandardCharsets.UTF_8));
    AdapterFiles nan = adapter("nan", new float[] {Float.NaN, 0, 0}, new float[] {1, 1});
    FederatedFineTuner tuner = sites().build();

    FederatedReport report =
        tuner.run(
            jobs ->
                jobs.stream()
                    .map(
                        job -> {
                          AdapterFiles first =
                              switch (job.site()) {
                                case "site-0" -> scaled;
                                case "site-1" -> nan;
                                default -> adapter;
                              };
                          return answer(job.stamp(), job.round() == 0 ? first : adapter, 10);
                        })
                    .toList());

    assertThat(report.rounds()).hasSize(2);
    assertThat(folder.resolve("run/adapter/adapter_config.json"))
        .content()
        .contains("\"lora_alpha\": 16");
  }
}
