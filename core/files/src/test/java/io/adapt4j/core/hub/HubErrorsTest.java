package io.adapt4j.core.hub;

import static io.adapt4j.core.hub.TestHub.REPOSITORY;
import static io.adapt4j.core.hub.TestHub.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Refusals say what is wrong and what to do. */
class HubErrorsTest {

  @TempDir Path cache;

  @AutoClose private final TestHub server = TestHub.withModel();

  private ThrowableAssertAlternative<HubException> failure(Hub.Builder hub) {
    return assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> hub.build().download(REPOSITORY));
  }

  @Test
  void withoutATokenAnUnknownRepositoryMayBeAPrivateOne() {
    server.reply("GET", "/api/", status(401, "X-Error-Code", "RepoNotFound"));

    failure(server.hub(cache))
        .withMessageContainingAll(
            "acme/tiny@main", "does not exist, or is private or gated", "set HF_TOKEN", "401");
    assertThat(server.waits).isEmpty();
  }

  @Test
  void withATokenItMayBeTheToken() {
    server.reply("GET", "/api/", status(401, "X-Error-Message", "Invalid credentials"));

    failure(server.hub(cache).token("hf_secret"))
        .withMessageContainingAll("token is invalid", "Invalid credentials")
        .withMessageNotContaining("hf_secret");
  }

  @Test
  void aGatedRepositoryNamesThePageOfItsTerms() {
    server.reply("HEAD", "model.safetensors", status(403, "X-Error-Code", "GatedRepo"));

    failure(server.hub(cache))
        .withMessageContainingAll(
            "model.safetensors", "gated", server.address() + "/acme/tiny", "HF_TOKEN");
  }

  @Test
  void anUnknownRevisionIsNotAnUnknownRepository() {
    server.reply("GET", "/api/", status(404, "X-Error-Code", "RevisionNotFound"));

    failure(server.hub(cache)).withMessageContaining("no such revision");
  }

  @Test
  void aFileThatVanishedIsNamed() {
    server.reply("HEAD", "tokenizer.json", status(404, "X-Error-Code", "EntryNotFound"));

    failure(server.hub(cache)).withMessageContainingAll("tokenizer.json", "no such file");
  }

  @Test
  void aRepositoryOfPicklesIsRefusedBeforeAnythingIsDownloaded() {
    try (TestHub pickles =
        TestHub.empty().file("config.json", "{}").large("pytorch_model.bin", new byte[10])) {
      failure(pickles.hub(cache))
          .withMessageContainingAll(
              "pytorch_model.bin", "pickles", "safe_serialization=True", "model.safetensors");
      assertThat(pickles.requests()).hasSize(1);
    }
  }

  @Test
  void anAnswerThatIsNoListingIsNoHub() {
    server.reply(
        "GET",
        "/api/",
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, 5);
          exchange.getResponseBody().write("<html".getBytes(StandardCharsets.US_ASCII));
        });

    failure(server.hub(cache)).withMessageContaining("HF_ENDPOINT");
  }

  @Test
  void aCommitFromTheServerCannotBeAPath() {
    server.commit("../../../../tmp/evil");

    failure(server.hub(cache)).withMessageContaining("expected 40 hexadecimal digits");
  }

  @Test
  void anETagFromTheServerCannotBeAPath() {
    server.reply(
        "HEAD", "config.json", status(200, "ETag", "\"../../evil\"", "Content-Length", "22"));

    failure(server.hub(cache)).withMessageContainingAll("config.json", "ETag");
    assertThat(cache.resolve("models--acme--tiny/evil")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil.json",
        "a/../../evil.json",
        "/etc/evil.json",
        "a\\..\\evil.json",
        "C:/evil.json",
        "a\u0000.json",
        "a//evil.json",
        "./evil.json",
        "nul.json",
        "a/COM1"
      })
  void aFileNameThatCouldLeaveTheCacheIsRefused(String name) {
    try (TestHub evil = TestHub.withModel().file(name, "evil")) {
      assertThatExceptionOfType(HubException.class)
          .isThrownBy(() -> evil.hub(cache).build().download(REPOSITORY, "main", file -> true))
          .withMessageContainingAll("acme/tiny", "could lead outside of the cache");
      assertThat(evil.requests("GET", "resolve")).isEmpty();
    }
    assertThat(cache.resolve("evil.json")).doesNotExist();
    assertThat(Files.exists(Path.of("/etc/evil.json"))).isFalse();
  }

  @Test
  void anIndexCannotNameAShardOutsideOfTheRepository() {
    try (TestHub evil =
        TestHub.empty()
            .file("config.json", "{}")
            .file("model.safetensors.index.json", "{\"weight_map\":{\"a\":\"../../evil\"}}")) {
      failure(evil.hub(cache)).withMessageContaining("../../evil");
    }
  }

  @Test
  void anIndexWithoutItsShardIsAnError() {
    try (TestHub broken =
        TestHub.empty()
            .file("config.json", "{}")
            .file("model.safetensors.index.json", "{\"weight_map\":{\"a\":\"x.safetensors\"}}")) {
      failure(broken.hub(cache)).withMessageContaining("names the shard 'x.safetensors'");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a/b/c", "a--b", "../x", "-a", "a/b.git", "a b", "a/..", "caf\u00e9", "a/b\n"})
  void aNameThatIsNoRepositoryIsRefusedWithoutARequest(String name) {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> server.hub(cache).build().download(name))
        .withMessageContaining("not the name of a repository");
    assertThat(server.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../x", "a/../../b", "/main", "a\\b", "a:b", "a b", "main/", "a\n"})
  void aTextThatIsNoRevisionIsRefusedWithoutARequest(String revision) {
    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> server.hub(cache).build().download(REPOSITORY, revision))
        .withMessageContaining("cannot be a revision");
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void redirectsInACircleEnd() {
    server.reply(
        "GET",
        "/api/",
        Stream.generate(() -> status(307, "Location", "/api/again"))
            .limit(20)
            .toArray(TestHub.Reply[]::new));

    failure(server.hub(cache)).withMessageContaining("more than 10 redirects");
  }

  @Test
  void aRedirectToAFileAddressIsRefused() {
    server.reply("GET", "/api/", status(302, "Location", "file:///etc/passwd"));

    failure(server.hub(cache)).withMessageContaining("no web address");
  }

  @Test
  void aCacheThatCannotBeWrittenIsNamed() throws Exception {
    Path file = Files.writeString(cache.resolve("file"), "");

    assertThatExceptionOfType(HubException.class)
        .isThrownBy(() -> server.hub(cache).cache(file).build().download(REPOSITORY))
        .withMessageContainingAll("the cache cannot be used", "HF_HUB_CACHE");
  }
}
