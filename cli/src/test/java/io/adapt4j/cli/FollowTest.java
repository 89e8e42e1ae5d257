package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.version.VersionedModel;
import io.adapt4j.upkeep.cycle.AliasFollower;
import io.adapt4j.upkeep.cycle.RollbackGuard;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A server that follows an alias of a registry: swaps, canary and a rollback under load. */
@Timeout(300)
class FollowTest {

  private static final int CLIENTS = 32;
  private static final Change ANNA = Change.by("anna", "a test");

  @TempDir private static Path trained;

  private static Path good;
  private static Path bad;

  @TempDir private Path folder;

  private Registry registry;
  private ModelVersion one;
  private ModelVersion two;

  /** An answer that a client got. */
  private record Answer(int status, String id, String version, String text) {}

  @BeforeAll
  static void train() throws Exception {
    good = adapter("good", 4);
    bad = adapter("bad", 30);
  }

  private static Path adapter(String name, int steps) throws Exception {
    Path run = CommandsTest.write(Files.createDirectory(trained.resolve(name)), steps);
    CommandsTest.Result result = CommandsTest.execute("train", run, "--no-report");
    assertThat(result.code()).as(result.err()).isZero();
    return trained.resolve(name).resolve("run").resolve("last");
  }

  private void open() throws Exception {
    registry = Registry.open(folder.resolve("registry"));
    one = examined(good);
    two = examined(bad);
    registry.promote(one, ANNA);
  }

  private ModelVersion examined(Path adapter) throws Exception {
    ModelVersion version = registry.add(NewVersion.of("support", adapter));
    Path report = folder.resolve("report.json");
    Files.writeString(
        report, "{\"schema\": \"1\", \"candidates\": [{\"tasks\": [{\"name\": \"faq\"}]}]}");
    registry.addExam(version, report);
    return version;
  }

  private static Answer ask(HttpClient client, URI address, String user) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/v1/chat/completions"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    ("{\"model\":\"support\",\"max_tokens\":8,\"temperature\":0,\"user\":\"%s\","
                            + "\"messages\":[{\"role\":\"user\",\"content\":\"Lily saw\"}]}")
                        .formatted(user)))
            .build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    JsonNode body = Output.parsed(response.body());
    return new Answer(
        response.statusCode(),
        body.path("id").asText(),
        response.headers().firstValue("x-adapt4j-version").orElse(""),
        body.at("/choices/0/message/content").asText());
  }

  private static VersionedModel served(AliasFollower follower) {
    return key -> {
      AliasFollower.Lease lease = follower.lease(key);
      return new VersionedModel.Version(lease.model(), lease.version().exact(), lease::close);
    };
  }

  private static LanguageModel model() {
    LanguageModel model = LanguageModel.load(ModelSource.path(CommandsTest.MODEL), Precision.FP32);
    model.useAnyChatTemplate(ChatTemplate.named("chatml"));
    return model;
  }

  @Test
  void aPromotedBadAdapterIsRolledBackUnderLoadWithoutAFailedAnswer() throws Exception {
    open();
    RollbackGuard guard = new RollbackGuard(registry, "support", "rating", 0.01);
    AtomicBoolean ending = new AtomicBoolean();
    List<Answer> answers = new CopyOnWriteArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + 1);
    try (LanguageModel model = model()) {
      AliasFollower follower = new AliasFollower(registry, "support@production", model);
      follower.update();
      try (ModelServer server = ModelServer.builder().model("support", served(follower)).start()) {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          running.add(
              threads.submit(
                  () -> {
                    HttpClient client = HttpClient.newHttpClient();
                    while (!ending.get()) {
                      Answer answer = ask(client, server.address(), "anyone");
                      answers.add(answer);
                      guard.add(answer.version(), answer.version().equals(two.exact()) ? 0 : 1);
                    }
                    return null;
                  }));
        }
        running.add(
            threads.submit(
                () -> {
                  while (!ending.get()) {
                    guard.update();
                    follower.update();
                    Thread.sleep(20);
                  }
                  return null;
                }));
        await(answers, 100);
        assertThat(registry.promote(two, Registry.PRODUCTION, Optional.of(one), ANNA)).isTrue();
        while (registry.history("support").size() < 3) {
          assertThat(running).noneMatch(Future::isDone);
          Thread.sleep(5);
        }
        while (!follower.serving().equals(Optional.of(one))) {
          Thread.sleep(5);
        }
        await(answers, answers.size() + 100);
        ending.set(true);
        for (Future<?> one : running) {
          one.get();
        }
        Answer last = ask(HttpClient.newHttpClient(), server.address(), "anyone");
        assertThat(last.version()).isEqualTo(one.exact());
        follower.update();
        assertThat(model.adapterNames()).containsExactly("support@1");
      }
    } finally {
      ending.set(true);
      threads.shutdownNow();
    }
    HistoryEntry back = registry.history("support").get(2);
    assertThat(back.action()).isEqualTo(HistoryEntry.Action.ROLLBACK);
    assertThat(back.who()).isEqualTo("rollback guard");
    assertThat(back.reason()).startsWith("rating of support@2 0.0000, of support@1 1.0000, in ");
    assertThat(registry.history("support")).hasSize(3);
    assertThat(answers).allMatch(answer -> answer.status() == 200);
    assertThat(answers).extracting(Answer::version).containsOnly(one.exact(), two.exact());
    Map<String, String> texts = new HashMap<>();
    for (Answer answer : answers) {
      assertThat(texts.computeIfAbsent(answer.version(), version -> answer.text()))
          .as("the answer is that of the version which it names")
          .isEqualTo(answer.text());
    }
    assertThat(texts.get(one.exact())).isNotEqualTo(texts.get(two.exact()));
  }

  /** What clients of a server do. */
  private interface Work {
    void run(HttpClient client, URI address) throws Exception;
  }

  /** Serves production with the log and the guard's file of all runs; returns the guard. */
  private RollbackGuard serving(Work work) throws Exception {
    RollbackGuard guard =
        new RollbackGuard(registry, "support", "rating", 0.01, folder.resolve("guards/m.json"));
    try (LanguageModel model = model()) {
      AliasFollower follower = new AliasFollower(registry, "support@production", model);
      follower.update();
      ModelServer.Builder builder = ModelServer.builder().model("support", served(follower));
      FeedbackArguments feedback =
          CommandLine.populateCommand(
              new FeedbackArguments(), "--feedback", folder.resolve("log").toString());
      feedback.apply(builder, Optional.of(guard));
      try (ModelServer server = builder.start()) {
        work.run(HttpClient.newHttpClient(), server.address());
      }
    }
    guard.update();
    return guard;
  }

  private static void rate(HttpClient client, URI address, String id, String rating)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/v1/feedback"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"id\": \"%s\", \"rating\": \"%s\"}".formatted(id, rating)))
            .build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isLessThan(300);
  }

  @Test
  void ratingsAfterARestartCountForTheVersionThatAnswered() throws Exception {
    open();
    List<Answer> before = new ArrayList<>();
    serving((client, address) -> before.add(ask(client, address, "anyone")));
    registry.promote(two, ANNA);
    RollbackGuard guard =
        serving(
            (client, address) -> {
              rate(client, address, before.get(0).id(), "up");
              before.add(ask(client, address, "anyone"));
            });
    assertThat(guard.text()).endsWith("in 0 pairs");
    guard = serving((client, address) -> rate(client, address, before.get(1).id(), "down"));

    assertThat(before).extracting(Answer::version).containsExactly(one.exact(), two.exact());
    assertThat(guard.text())
        .isEqualTo("rating of support@2 0.0000, of support@1 1.0000, in 1 pairs");
  }

  private static void await(List<Answer> answers, int number) throws InterruptedException {
    while (answers.size() < number) {
      Thread.sleep(5);
    }
  }

  @Test
  void aShareOfTheUsersGetsTheChallengerAndKeepsIt() throws Exception {
    open();
    registry.promote(two, Registry.CHALLENGER, ANNA);
    try (LanguageModel model = model()) {
      AliasFollower follower =
          new AliasFollower(registry, "support@production", model).canary(0.5).shadow(1);
      follower.update();
      try (ModelServer server = ModelServer.builder().model("support", served(follower)).start()) {
        HttpClient client = HttpClient.newHttpClient();
        Map<String, String> versions = new HashMap<>();
        for (int i = 0; i < 60; i++) {
          String user = "user " + i % 30;
          Answer answer = ask(client, server.address(), user);
          assertThat(versions.computeIfAbsent(user, first -> answer.version()))
              .isEqualTo(answer.version());
        }
        assertThat(versions.values()).filteredOn(two.exact()::equals).hasSizeBetween(5, 25);
        assertThat(model.adapterNames()).containsExactlyInAnyOrder("support@1", "support@2");
      }
      try (AliasFollower.Lease lease = follower.shadow().orElseThrow()) {
        assertThat(lease.version()).isEqualTo(two);
      }
      registry.removeAlias("support", Registry.CHALLENGER, ANNA);
      follower.update();
      assertThat(follower.shadow()).isEmpty();
      assertThat(model.adapterNames()).containsExactly("support@1");
    }
  }

  @Test
  void aChallengerThatCannotBeLoadedLeavesItsUsersToProduction() throws Exception {
    open();
    Path broken = Files.createDirectory(folder.resolve("broken"));
    Files.writeString(broken.resolve("adapter_config.json"), "{\"r\": 4}");
    Files.writeString(broken.resolve("adapter_model.safetensors"), "none");
    ModelVersion three = registry.add(NewVersion.of("support", broken));
    registry.promote(three, Registry.CHALLENGER, ANNA);
    try (LanguageModel model = model()) {
      AliasFollower follower = new AliasFollower(registry, "support@production", model).canary(1);
      assertThatThrownBy(follower::update).isInstanceOf(RuntimeException.class);
      try (AliasFollower.Lease lease = follower.lease("anyone")) {
        assertThat(lease.version()).isEqualTo(one);
      }
      registry.promote(two, ANNA);
      assertThatThrownBy(follower::update).isInstanceOf(RuntimeException.class);
      assertThat(follower.serving()).contains(two);
    }
  }
}
