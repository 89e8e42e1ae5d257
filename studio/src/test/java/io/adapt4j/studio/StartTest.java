package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Opening data: by path and upload, hostile ones too. */
class StartTest {

  private static final String CSV =
      "frage,antwort\nWo ist mein Paket?,Unterwegs.\n<script>alert(1)</script>,\"\"\"onload=x\"\n";

  @TempDir private Path folder;
  private Studio studio;
  private Browser browser;

  @BeforeEach
  void start() throws Exception {
    studio = Studio.builder().workspace(folder.resolve("ws")).uploadLimit(4096).start();
    browser = Browser.of(studio);
  }

  @AfterEach
  void close() {
    studio.close();
  }

  private HttpResponse<String> open(Path path) throws Exception {
    return browser.post("", "path", path.toString());
  }

  private static String page(HttpResponse<String> opened) {
    return opened.uri().getPath().substring(1);
  }

  @Test
  void rowsOfAKnownShapeAreUnderstood() throws Exception {
    Path file = folder.resolve("a.jsonl");
    Files.writeString(file, "{\"text\": \"good\", \"label\": \"pos\"}\n".repeat(1200));
    String page = page(open(file));
    assertThat(browser.wait(page, text -> text.contains("<b>1,200</b>")))
        .contains("texts with classes", "A classifier of texts.", "1–10 of 1,200");
    assertThat(browser.get(page + "?page=119").body()).contains("1,191–1,200 of 1,200", "a.jsonl");
    assertThat(browser.get("").body()).contains("1,200 rows: texts with classes");
    assertThat(Browser.of(studio, "de-DE").get("").body())
        .contains("1.200 Zeilen: Texte mit Klassen");
  }

  @Test
  void columnsOfOtherNamesAreMapped() throws Exception {
    Path file = folder.resolve("b.csv");
    Files.writeString(file, CSV);
    String page = page(open(file));
    assertThat(browser.wait(page, text -> text.contains("have no meaning yet")))
        .contains("name=\"as:frage\"");
    browser.post(page + "/reading", "as:frage", "prompt", "as:antwort", "completion");
    assertThat(browser.wait(page, text -> text.contains("prompts with answers")))
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;", "&quot;onload=x")
        .doesNotContain("<script>alert");
    studio.close();
    start();
    assertThat(browser.wait(page, text -> text.contains("prompts with answers")))
        .contains("<b>2</b>");
  }

  @Test
  void aFolderOfDocumentsIsSeenAsOne() throws Exception {
    Path documents = Files.createDirectories(folder.resolve("handbook"));
    Files.writeString(documents.resolve("a.md"), "# Returns\n\nWithin 30 days.\n");
    Files.writeString(documents.resolve("b.html"), "<p>Shipping takes <b>two</b> days.</p>");
    assertThat(browser.wait(page(open(documents)), text -> text.contains("2 documents")))
        .contains("Answers with citations", "1 html, 1 md", "href=\"/documents\"")
        .doesNotContain("The columns have no meaning");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "/nowhere/at/all", "\u0001", "/dev/null", "\"><img src=x onerror=alert(1)>"})
  void aPathThatCannotBeOpenedIsRefusedAtTheField(String path) throws Exception {
    HttpResponse<String> answer = browser.post("", "path", path);
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(answer.body()).contains("aria-invalid=\"true\"").doesNotContain("<img src=x");
    assertThat(folder.resolve("ws/data")).doesNotExist();
  }

  @Test
  void theSamePathIsOpenedOnce() throws Exception {
    Path file = folder.resolve("a.txt");
    Files.writeString(file, "Hello");
    assertThat(page(open(file))).isEqualTo(page(open(folder.resolve("ws/../a.txt"))));
  }

  @Test
  void anUploadIsKeptUntilItIsForgotten() throws Exception {
    HttpResponse<String> sent =
        browser.upload("../../Käse <b>.csv", CSV.getBytes(StandardCharsets.UTF_8));
    assertThat(sent.statusCode()).isEqualTo(200);
    String page = sent.body().substring(1);
    assertThat(browser.wait(page, text -> text.contains("have no meaning yet")))
        .contains("Käse _b_.csv")
        .doesNotContain("<b>.csv");
    assertThat(files()).hasSize(1);
    browser.post(page + "/forget");
    assertThat(files()).isEmpty();
    assertThat(browser.get(page).statusCode()).isEqualTo(404);
  }

  private List<Path> files() throws Exception {
    Path data = folder.resolve("ws/data");
    if (!Files.exists(data)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(data)) {
      return all.filter(path -> path.getParent().endsWith("file")).toList();
    }
  }

  static Stream<List<Object>> refusedUploads() {
    return Stream.of(
        List.of("x.exe", "MZ", 415),
        List.of("x", "text", 415),
        List.of(".csv", "a,b", 415),
        List.of("", "a,b", 415),
        List.of("x.pdf", "no PDF", 415),
        List.of("x.docx", "no zip", 415),
        List.of("x.csv", "a\0b", 415),
        List.of("x.csv", "", 400),
        List.of("x.csv", "a".repeat(4097), 413),
        List.of("a\0.csv", "a,b", 400));
  }

  @ParameterizedTest
  @MethodSource("refusedUploads")
  void anUploadThatIsRefusedLeavesNothing(List<Object> upload) throws Exception {
    byte[] content = ((String) upload.get(1)).getBytes(StandardCharsets.UTF_8);
    assertThat(browser.upload((String) upload.get(0), content).statusCode())
        .isEqualTo(upload.get(2));
    assertThat(files()).isEmpty();
    assertThat(browser.get("").body()).contains("Nothing yet.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data/..",
        "data/%2e%2e",
        "data/A",
        "data/a--b",
        "data/a/b",
        "data/" + "x",
        "data"
      })
  void anIdThatThereIsNoneOfIsNotFound(String path) throws Exception {
    assertThat(browser.get(path).statusCode()).isIn(200, 404);
    assertThat(browser.get(path).body()).doesNotContain("defect", "Exception");
  }
}
