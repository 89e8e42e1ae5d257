package io.adapt4j.federated;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.federated.internal.AdapterFiles;
import io.adapt4j.federated.internal.AdapterWriter;
import io.adapt4j.federated.internal.LowRank;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraInit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What rounds do with sites that fail, with a runner that trains nothing. */
class RoundsTest {

  @TempDir Path folder;

  private final List<String> tried = new ArrayList<>();
  private AdapterFiles adapter;

  @BeforeEach
  void writeAdapter() {
    adapter = adapter("adapter", 1);
  }

  private AdapterFiles adapter(String name, float value) {
    AdapterWriter writer = new AdapterWriter();
    try (Scope scope = Scope.open()) {
      writer.factors(
          "base_model.model.q",
          LowRank.of(
              Tensor.of(new float[] {value, 2, 3}, 3, 1), Tensor.of(new float[] {1, value}, 1, 2)),
          2);
      writer.write(
          folder.resolve(name), JsonNodeFactory.instance.objectNode().put("peft_type", "LORA"));
    }
    return AdapterFiles.read(folder.resolve(name));
  }

  private FederatedFineTuner.Builder sites(int count) {
    FederatedFineTuner.Builder builder =
        FederatedFineTuner.builder()
            .model(ModelSource.path(folder))
            .method(Lora.rank(1))
            .output(folder.resolve("run"));
    for (int i = 0; i < count; i++) {
      builder.site(Site.of("site-" + i, folder.resolve("data")));
    }
    return builder;
  }

  /** Answers each job by a function. */
  private SiteRunner runner(Function<SiteJob, SiteResult> answer) {
    return jobs ->
        jobs.stream()
            .map(
                job -> {
                  tried.add(job.site() + "/" + job.round());
                  return answer.apply(job);
                })
            .toList();
  }

  private SiteResult good(SiteJob job) {
    return answer(job.stamp(), adapter, 10);
  }

  private static SiteResult answer(JobStamp stamp, AdapterFiles files, long tokens) {
    return SiteResult.of(stamp, files, tokens, 1, 2, 1, Duration.ZERO);
  }

  @Test
  void siteThatFailsOnceIsTriedAgain() {
    SiteRunner runner =
        runner(
            job ->
                job.site().equals("site-1") && job.round() == 1 && !tried.contains("again")
                    ? once(job.failed("lost"))
                    : good(job));

    FederatedReport report = sites(2).rounds(1).build().run(runner);

    assertThat(tried).containsExactly("site-0/0", "site-0/1", "site-1/1", "again", "site-1/1");
    assertThat(report.rounds().get(0).leftOut()).isEmpty();
    assertThat(report.rounds().get(0).sites().get(1).attempts()).isEqualTo(2);
  }

  private SiteResult once(SiteResult failure) {
    tried.add("again");
    return failure;
  }

  @Test
  void siteThatKeepsFailingIsLeftOutWithAReportWhereFewerAreEnough() {
    SiteRunner runner =
        runner(job -> job.site().equals("site-1") ? job.failed("no disk") : good(job));

    FederatedReport report = sites(3).rounds(1).minSites(2).siteAttempts(3).build().run(runner);

    SiteReport left = report.rounds().get(0).leftOut().get(0);
    assertThat(left.site()).isEqualTo("site-1");
    assertThat(left.attempts()).isEqualTo(3);
    assertThat(left.failure()).contains("no disk");
    assertThat(report.rounds().get(0).sites().get(0).weight()).isEqualTo(0.5);
    assertThat(report.text()).contains("site-1 left out after 3 attempts: no disk");
  }

  @Test
  void valuesThatAreNotFiniteAndOtherAdaptersAreFailures() {
    AdapterFiles broken = adapter("broken", Float.NaN);
    SiteRunner runner =
        runner(
            job ->
                job.round() == 0 || job.site().equals("site-0")
                    ? good(job)
                    : answer(job.stamp(), broken, 10));

    assertThatThrownBy(() -> sites(2).build().run(runner))
        .isInstanceOf(FederatedException.class)
        .hasMessageContaining("site-1: the site returned values that are not finite");
  }

  @Test
  void runnerThatReturnsNothingIsAFailureOfItsSites() {
    assertThatThrownBy(() -> sites(2).build().run(jobs -> List.of()))
        .isInstanceOf(FederatedException.class)
        .hasMessageContaining("No site could begin")
        .hasMessageContaining("site-1: the runner returned no result");
  }

  @Test
  void everySiteTakesPartWithTheGivenProbability() {
    FederatedReport report =
        sites(20).rounds(30).participation(0.25).build().run(runner(this::good));

    double mean =
        report.rounds().stream().mapToInt(round -> round.sites().size()).average().orElseThrow();
    assertThat(mean).isBetween(3.5, 6.5);
    assertThat(report.rounds().stream().mapToInt(round -> round.sites().size()).distinct().count())
        .isGreaterThan(3);
  }

  @Test
  void oldRoundsAreDeletedAndReportsKept() {
    sites(1).rounds(4).build().run(runner(this::good));

    assertThat(folder.resolve("run/rounds").toFile().list())
        .containsExactlyInAnyOrder("round-0003", "round-0004");
    assertThat(folder.resolve("run/work")).doesNotExist();
    assertThat(folder.resolve("run/adapter/adapter_config.json"))
        .content()
        .contains("\"base_model_name_or_path\": \"" + folder);
    FederatedReport more = sites(1).rounds(5).resume().build().run(runner(this::good));
    assertThat(more.rounds()).extracting(RoundReport::round).containsExactly(1, 2, 3, 4, 5);
  }

  @Test
  void outputOfAnotherRunIsNotTouched() {
    SiteRunner runner = runner(this::good);
    sites(1).rounds(1).build().run(runner);

    refuses(SettingsException.class, () -> sites(1).build(), "holds a run; give resume()");
    assertThatThrownBy(() -> sites(1).seed(7).resume().build().run(runner))
        .isInstanceOf(FederatedException.class)
        .hasMessageContaining("holds rounds of another run");
    assertThat(sites(2).rounds(1).overwriteOutput().build().run(runner).rounds()).hasSize(1);
    assertThat(Files.exists(folder.resolve("run/federated.json"))).isTrue();
  }

  @Test
  void twoRunsDoNotWriteToOneOutput() {
    SiteRunner runner =
        runner(
            job -> {
              assertThatThrownBy(() -> sites(1).overwriteOutput().build().run(jobs -> List.of()))
                  .isInstanceOf(FederatedException.class)
                  .hasMessageContaining("another run writes there");
              return good(job);
            });
    assertThat(sites(1).rounds(1).build().run(runner).rounds()).hasSize(1);
  }

  @Test
  void allThatIsWrongIsSaidAtOnce() {
    assertThatThrownBy(
            () ->
                FederatedFineTuner.builder()
                    .method(Lora.rank(2).dora().initialize(LoraInit.OLORA))
                    .rounds(0)
                    .participation(2)
                    .privacy(Privacy.central(1, 1, 1e-5))
                    .build())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("no model")
        .hasMessageContaining("no output")
        .hasMessageContaining("no site")
        .hasMessageContaining("DoRA is no sum")
        .hasMessageContaining("olora")
        .hasMessageContaining("rounds must be at least 1, found 0")
        .hasMessageContaining("participation must be in (0, 1], found 2.0")
        .hasMessageContaining("use FREEZE_A, or Privacy.atSites(...)");
    assertThatThrownBy(() -> sites(1).method(Lora.rank(1).initialize(LoraInit.eva())).build())
        .hasMessageContaining("EVA gives the adapter of each site ranks and directions");
    assertThatThrownBy(() -> Site.of("a/b", folder)).hasMessageContaining("found 'a/b'");
    assertThatThrownBy(
            () ->
                sites(1)
                    .method(Lora.rank(1).trainBiases())
                    .aggregation(Aggregation.STACK_MERGE)
                    .build())
        .hasMessageContaining("STACK_MERGE begins each round with a new adapter");
  }
}
