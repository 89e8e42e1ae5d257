package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may use the studio, and from where. */
class AccessTest {

  @TempDir private Path folder;
  private Studio studio;

  @BeforeEach
  void start() {
    studio = Studio.builder().workspace(folder.resolve("ws")).contextPath("/studio").start();
  }

  @AfterEach
  void close() {
    studio.close();
  }

  private static HttpResponse<String> plain(URI address) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "machine", "data/x-1", "?token=", "?token=guess", "upload"})
  void withoutTheLinkNothingIsAnswered(String path) throws Exception {
    HttpResponse<String> answer = plain(studio.address().resolve(path));
    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.body())
        .contains("Open the link")
        .doesNotContain("<form method=\"post\" action=\"/studio/\"");
  }

  @Test
  void theLinkBecomesACookieThatScriptsAndOtherSitesCannotUse() throws Exception {
    HttpResponse<String> answer = plain(studio.link());
    assertThat(answer.statusCode()).isEqualTo(303);
    assertThat(answer.headers().firstValue("Location")).hasValue("/studio/");
    assertThat(answer.headers().firstValue("Set-Cookie").orElseThrow())
        .contains("; Path=/studio/; HttpOnly; SameSite=Strict")
        .doesNotContain(studio.link().getQuery().substring("token=".length()));
  }

  @Test
  void noPageHasTheToken() throws Exception {
    String token = studio.link().getQuery().substring("token=".length());
    Browser browser = Browser.of(studio);
    assertThat(browser.get("").body()).contains("What do you have?").doesNotContain(token);
    assertThat(browser.get("machine").body()).doesNotContain(token);
  }

  @Test
  void everyAnswerForbidsForeignAndInlineContent() throws Exception {
    Browser browser = Browser.of(studio);
    for (String path : new String[] {"", "machine", "nothing", "static/studio.css"}) {
      HttpResponse<String> answer = browser.get(path);
      assertThat(answer.headers().firstValue("Content-Security-Policy").orElseThrow())
          .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    }
  }

  @Test
  void aFormOfAnotherOriginOrOfNoneChangesNothing() throws Exception {
    Browser browser = Browser.of(studio);
    String form = "language=de&theme=dark";
    assertThat(browser.send(browser.form("preferences", form)).statusCode()).isEqualTo(403);
    for (String origin : new String[] {"http://evil.example", "null", "http://127.0.0.1", "%%"}) {
      assertThat(
              browser.send(browser.form("preferences", form).header("Origin", origin)).statusCode())
          .as(origin)
          .isEqualTo(403);
    }
    assertThat(
            browser
                .send(
                    browser
                        .form("preferences", form)
                        .header("Origin", browser.origin())
                        .header("Sec-Fetch-Site", "same-site"))
                .statusCode())
        .isEqualTo(403);
    assertThat(folder.resolve("ws/preferences.json")).doesNotExist();
    assertThat(browser.post("preferences", "language", "de").body()).contains("Was haben Sie?");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)"
      })
  void aChoiceLeadsBackToTheStudioOnly(String back) throws Exception {
    HttpResponse<String> answer =
        Browser.of(studio).post("preferences", "theme", "dark", "back", back);
    assertThat(answer.uri()).isEqualTo(studio.address());
    assertThat(answer.body()).contains("data-theme=\"dark\"");
  }

  @Test
  void aForeignHostNameIsRefused() throws Exception {
    assertThat(raw("GET /studio/ HTTP/1.1\r\nHost: evil.example\r\n")).startsWith("HTTP/1.1 403");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/studio/static/../Studio.class",
        "/studio/static/%2e%2e/studio.css",
        "/studio/static/..%2fx",
        "/studio/static/%5c..%5cx",
        "/studio/static/%00",
        "/studio/static/%c0%ae%c0%ae",
        "/studio/static/",
        "/studio/static/studio.css/x",
        "/studio/../etc/passwd",
        "/other"
      })
  void noPathLeadsOutOfTheStudio(String path) throws Exception {
    assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n"))
        .containsPattern("^HTTP/1.1 40[014]");
  }

  private String raw(String head) throws IOException {
    try (Socket socket = new Socket(studio.address().getHost(), studio.address().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void otherMethodsAndHugeFormsAreRefused() throws Exception {
    Browser browser = Browser.of(studio);
    HttpRequest.Builder delete =
        HttpRequest.newBuilder(studio.address()).header("Origin", browser.origin()).DELETE();
    assertThat(browser.send(delete).statusCode()).isEqualTo(405);
    assertThat(browser.post("", "path", "x".repeat(2 << 20)).statusCode()).isEqualTo(413);
    assertThat(browser.post("", "path", "a\0b").statusCode()).isEqualTo(400);
  }

  @Test
  void aWorkspaceIsUsedByOneStudioAtATime() {
    Studio.Builder second = Studio.builder().workspace(folder.resolve("ws"));
    assertThatThrownBy(second::start)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("another studio runs in");
  }

  @Test
  void choicesSurviveARestart() throws Exception {
    Browser.of(studio).post("preferences", "language", "de", "theme", "light");
    studio.close();
    assertThat(Files.readString(folder.resolve("ws/preferences.json"))).contains("\"de\"");
    start();
    assertThat(Browser.of(studio).get("").body())
        .contains("<html lang=\"de\" data-theme=\"light\">");
  }
}
