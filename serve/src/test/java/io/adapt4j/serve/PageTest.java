package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page, in a real browser: wide and on a phone. */
@Timeout(180)
class PageTest {

  private static final String KEY = "a-key";
  private static final String SOURCE =
      "Goods may be returned within 30 days. Postage is paid by us, except for furniture.";

  @TempDir private static Path profile;

  private static TestServer server;
  private static LanguageModel other;
  private static Browser browser;

  @BeforeAll
  static void start() throws Exception {
    browser = Browser.start(profile);
    other = TestServer.model();
    server =
        TestServer.start(
            s ->
                s.apiKey(KEY)
                    .limits(ServerLimits.defaults().withNewTokens(200))
                    .model("tales", other)
                    .reranker("ranker", (query, documents) -> new double[documents.size()])
                    .questionAnswering("help", (asked, onText, cancellation) -> answer(onText)));
  }

  private static GroundedAnswer answer(Consumer<String> onText) {
    String text = "You have \"30 days\" to send goods back [1], says the shop [2].";
    onText.accept(text);
    int start = SOURCE.indexOf("30 days");
    return new GroundedAnswer(
        text,
        true,
        false,
        List.of(
            new GroundedAnswer.Citation(
                1,
                "returns.md",
                "Returns",
                120,
                120 + SOURCE.length(),
                SOURCE,
                0.8,
                true,
                List.of(new GroundedAnswer.Quote(start, start + "30 days".length())))),
        List.of(2));
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
      other.close();
    }
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void open() {
    browser.resize(1280, 800, false);
    browser.open(server.uri("/"));
    browser.waitFor("document.querySelector('.error')");
  }

  private static void enterKey() {
    browser.value("document.getElementById('key').focus()");
    browser.type(KEY);
    browser.press("Tab", 9);
    browser.waitFor("document.querySelector('#model0').options.length === 3");
  }

  private static void ask(String text) {
    browser.value("document.getElementById('question').focus()");
    browser.type(text);
    browser.press("Enter", 13);
  }

  private static void set(String id, String value) {
    browser.value("document.getElementById('" + id + "').value = '" + value + "'");
  }

  private static String text(String selector) {
    return browser.value("document.querySelector('" + selector + "').textContent").asText();
  }

  private static String alone(String question, int tokens) {
    return server
        .languageModel()
        .chat(
            List.of(ChatMessage.user(question)),
            GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).build());
  }

  @Test
  void aMissingKeyIsToldAndATypedOneLetsIn() throws Exception {
    assertThat(text(".error")).contains("needs a key", "field API key above");
    assertThat(browser.value("document.activeElement.id").asText()).isEqualTo("key");
    browser.picture("page-error");
    enterKey();
    assertThat(browser.value("document.querySelectorAll('.error').length").asInt()).isZero();
    // What only orders documents cannot be talked with.
    assertThat(browser.value("document.querySelector('#model0').innerText").asText())
        .contains("stories", "tales", "help")
        .doesNotContain("ranker");
  }

  @Test
  void asksForNoMoreTokensThanTheServerAllows() throws Exception {
    enterKey();
    assertThat(browser.value("document.getElementById('max_tokens').value").asText())
        .isEqualTo("200");
    set("max_tokens", "5000");
    set("temperature", "0");
    ask("Tell me of Lily.");
    browser.waitFor("document.querySelector('.assistant .note')");
    assertThat(text(".assistant .body")).isEqualTo(alone("Tell me of Lily.", 200));
  }

  @Test
  void anAnswerAppearsWhileItIsGeneratedAndIsTheModels() throws Exception {
    enterKey();
    set("temperature", "0");
    set("max_tokens", "60");
    browser.value(
        "window.lengths = new Set(); new MutationObserver(() => {"
            + " const body = document.querySelector('.assistant .body');"
            + " if (body) window.lengths.add(body.textContent.length); })"
            + ".observe(document.getElementById('panels'), { childList: true, subtree: true,"
            + " characterData: true })");
    ask("Tell me of Lily.");
    browser.waitFor("document.querySelector('.assistant .note')");
    assertThat(text(".assistant .body")).isEqualTo(alone("Tell me of Lily.", 60)).isNotEmpty();
    assertThat(text(".assistant .note")).contains("60 tokens").contains("cut at the limit");
    assertThat(text(".user .body")).isEqualTo("Tell me of Lily.");
    assertThat(browser.value("window.lengths.size").asInt()).isGreaterThan(10);
    browser.picture("page-wide");
    browser.resize(390, 844, true);
    assertFits();
    browser.picture("page-phone");
  }

  @Test
  void twoModelsAnswerSideBySide() throws Exception {
    enterKey();
    set("temperature", "0");
    set("max_tokens", "40");
    browser.click("#compare");
    browser.waitFor("document.querySelectorAll('.panel').length === 2");
    assertThat(browser.value("document.querySelector('#model1').value").asText())
        .isEqualTo("tales");
    ask("Tell me of Tom.");
    browser.waitFor("document.querySelectorAll('.assistant .note').length === 2");
    String alone = alone("Tell me of Tom.", 40);
    assertThat(text("#talk0 .assistant .body")).isEqualTo(alone);
    assertThat(text("#talk1 .assistant .body")).isEqualTo(alone);
    JsonNode places =
        browser.value(
            "[...document.querySelectorAll('.panel')].map(p => p.getBoundingClientRect().x)");
    assertThat(places.get(1).asDouble()).isGreaterThan(places.get(0).asDouble() + 400);
    browser.picture("page-two-wide");
    browser.resize(390, 844, true);
    assertFits();
    browser.picture("page-two-phone");
  }

  @Test
  void theStopButtonEndsAnAnswer() throws Exception {
    enterKey();
    set("max_tokens", "400");
    try (TestServer.Held held = server.hold()) {
      ask("Tell me of Lily.");
      browser.waitFor("!document.getElementById('stop').disabled");
      assertThat(browser.value("document.getElementById('send').disabled").booleanValue()).isTrue();
      browser.click("#stop");
      browser.waitFor("document.querySelector('.assistant .note')");
    }
    assertThat(text(".assistant .note")).isEqualTo("stopped");
    assertThat(browser.value("document.getElementById('send').disabled").booleanValue()).isFalse();
  }

  @Test
  void whatTheServerRefusesIsShown() throws Exception {
    enterKey();
    set("temperature", "5");
    ask("Hello");
    browser.waitFor("document.querySelector('.error[role=alert]')");
    assertThat(text(".error")).contains("temperature: expected");
  }

  @Test
  void anAnswerFromDocumentsShowsItsSourcesAndMarksWhatItQuotes() throws Exception {
    enterKey();
    browser.value(
        "(() => { const s = document.querySelector('#model0'); s.value = 'help';"
            + " s.dispatchEvent(new Event('change')); })()");
    ask("How long may I send goods back?");
    browser.waitFor("document.querySelector('.sources')");
    assertThat(text(".sources mark")).isEqualTo("30 days");
    assertThat(text(".sources blockquote")).isEqualTo(SOURCE);
    assertThat(text(".sources .title")).isEqualTo("Returns");
    // The number that is no source's leads nowhere.
    assertThat(browser.value("document.querySelectorAll('.cite').length").asInt()).isEqualTo(1);
    browser.click(".cite");
    browser.waitFor("document.activeElement === document.querySelector('.sources li')");
    browser.picture("page-rag-wide");
    browser.resize(390, 844, true);
    assertFits();
    browser.picture("page-rag-phone");
  }

  private static void assertFits() {
    assertThat(browser.value("document.documentElement.scrollWidth <= innerWidth").booleanValue())
        .isTrue();
  }

  @Test
  void everythingHasANameForAScreenReader() {
    enterKey();
    browser.click("#settings summary");
    Set<String> roles = Set.of("textbox", "combobox", "button", "checkbox", "spinbutton", "log");
    int named = 0;
    for (JsonNode node : browser.accessibility()) {
      String role = node.at("/role/value").asText();
      if (roles.contains(role) && !node.path("ignored").booleanValue()) {
        assertThat(node.at("/name/value").asText()).as(node.toString()).isNotBlank();
        named++;
      }
    }
    assertThat(named).isGreaterThan(10);
  }

  @Test
  void nothingIsLoadedFromElsewhereAndNothingBreaksThePolicy() throws Exception {
    enterKey();
    ask("Hello");
    browser.waitFor("document.querySelector('.assistant .note')");
    assertThat(browser.loaded())
        .filteredOn(address -> !address.startsWith("data:") && !address.equals("about:blank"))
        .isNotEmpty()
        .allMatch(address -> address.startsWith(server.uri("/").toString()));
    // The browser also tells of answers with an error, which are asked for here.
    assertThat(browser.complaints()).allMatch(text -> text.contains("status of 4"));
    HttpResponse<String> page = server.get("/");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none'")
        .doesNotContain("unsafe");
  }
}
