package io.adapt4j.studio;

import static io.adapt4j.studio.TestWorkspace.MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.interactive.annotation.PDAnnotationText;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Questions to services: two models blind, and documents with citations. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a process cannot be asked to end there")
class AskTest {

  private static final String RUN = "cats-0a0b0c0d";

  @TempDir private Path folder;
  private Path workspace;
  private Studio studio;
  private Browser browser;
  private String service = "";

  @BeforeEach
  void start() throws Exception {
    workspace = folder.resolve("ws");
    studio =
        Studio.builder().workspace(workspace).models(MODEL).trainer(TestTrainer.command()).start();
    browser = Browser.of(studio);
  }

  @AfterEach
  void close() throws Exception {
    if (!service.isEmpty()) {
      browser.post("services/" + service + "/stop");
      browser.post("services/" + service + "/stop");
    }
    studio.close();
  }

  private void serve() throws Exception {
    TestWorkspace.addRun(workspace, RUN);
    String page =
        browser
            .post("services", "model", MODEL.toString(), "name", "base", "use:" + RUN, "1")
            .uri()
            .getPath()
            .substring(1);
    browser.wait(page, text -> text.contains("data-state>ready"));
    service = page.split("/", -1)[1];
  }

  private HttpResponse<String> begin(String prompts, String second) throws Exception {
    return browser.post(
        "ask", "service", service, "first", "base", "second", second, "prompts", prompts, "tokens",
        "8", "count", "5");
  }

  @Test
  void votesAreBlindSurviveAReloadAndBecomePreferences() throws Exception {
    assertThat(browser.get("ask").body()).contains("Start a service with the models first");
    serve();
    assertThat(begin("Once", "base").body()).contains("Choose two different models");
    assertThat(begin("", RUN).body()).contains("Choose data with prompts");
    String page = begin("Once there was\nThe dog\n\nLily <b>", RUN).uri().getPath().substring(1);

    for (String vote : List.of("A", "B", "T")) {
      String asked = browser.wait(page, text -> text.contains("data-key=\"a\""));
      String number = asked.split("name=\"number\" value=\"", 2)[1].split("\"", 2)[0];
      assertThat(asked.split("<main", 2)[1].split("</nav>", -1)[0].split("<h1>", 2)[1])
          .doesNotContain("A was base", "B was base");
      HttpResponse<String> answer = browser.post(page + "/vote", "number", number, "vote", vote);
      assertThat(answer.body()).contains("Question " + (Integer.parseInt(number) + 1) + ": A was ");
      if (vote.equals("A")) {
        studio.close();
        start();
      }
    }
    assertThat(browser.get(page).body()).contains("All questions are voted on");
    assertThat(browser.post(page + "/vote", "number", "0", "vote", "X").statusCode())
        .isEqualTo(422);
    assertThat(browser.post(page + "/vote", "number", "7", "vote", "A").statusCode())
        .isEqualTo(422);

    String result = browser.get(page + "/result").body();
    assertThat(result)
        .contains("<b>1</b><span>Equally good</span>", "The votes do not tell")
        .containsAnyOf("sign test: p = 1.00", "sign test: p = 0.500");
    Matcher source = Pattern.compile("href=\"/data/([\\w-]+)\"").matcher(result);
    assertThat(source.find()).isTrue();
    assertThat(browser.wait("data/" + source.group(1), text -> text.contains("<b>preferences</b>")))
        .contains("<b>2</b><span>Rows</span>");
    assertThat(Files.readString(workspace.resolve("data/" + source.group(1) + "/file/votes.jsonl")))
        .contains("{\"prompt\":\"Once there was\",\"chosen\":\"");

    browser.post(page + "/prompt", "prompt", "One more");
    browser.wait(page, text -> text.contains("Question 4 of 4") && text.contains("data-key"));
    browser.post(page + "/delete");
    assertThat(browser.get(page).statusCode()).isEqualTo(404);
    assertThat(browser.get("data/" + source.group(1)).statusCode()).isEqualTo(200);
  }

  @Test
  void aServiceThatIsGoneIsAskedAgain() throws Exception {
    serve();
    String page = begin("Once\nThe dog", RUN).uri().getPath().substring(1);
    browser.wait(page, text -> text.contains("data-key"));
    browser.post("services/" + service + "/stop");
    browser.wait("services/" + service, text -> text.contains("data-state>stopped"));
    browser.post(page + "/vote", "number", "0", "vote", "S");
    browser.post(page + "/prompt", "prompt", "Another");
    browser.post(page + "/vote", "number", "1", "vote", "S");
    browser.wait(page, text -> text.contains("Try again") || text.contains("data-key"));
    browser.post("services/" + service + "/start");
    browser.wait("services/" + service, text -> text.contains("data-state>ready"));
    browser.post(page + "/again");
    browser.wait(page, text -> text.contains("data-key"));
  }

  @Test
  void promptsOfRowsAreAsked() throws Exception {
    serve();
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        """
        {"prompt": "Where is my parcel?", "completion": "There."}
        {"prompt": "May I return it?", "completion": "Yes."}
        """);
    String source = TestWorkspace.open(browser, rows);
    String page =
        browser
            .post(
                "ask", "service", service, "first", "base", "second", RUN, "source", source,
                "tokens", "4", "count", "5")
            .uri()
            .getPath()
            .substring(1);
    assertThat(browser.get(page).body())
        .contains("Question 1 of 2")
        .containsAnyOf("Where is my parcel?", "May I return it?");
  }

  /** Opens, indexes and asks documents; returns the page of the answer. */
  private String ask(Path documents) throws Exception {
    String source = TestWorkspace.open(browser, documents);
    String index = browser.post("documents/index", "source", source).uri().getPath().substring(1);
    browser.wait(index, text -> text.contains("data-state>done"));
    String asked =
        browser
            .post(
                "documents/ask",
                "service",
                "index:" + index.split("/", -1)[1],
                "question",
                "How long does a <i>repair</i> take?")
            .uri()
            .getPath()
            .substring(1);
    browser.wait(asked, text -> text.contains("[1]"));
    return asked;
  }

  @Test
  void aCitationIsLitInItsDocument() throws Exception {
    Path documents = Files.createDirectory(folder.resolve("documents"));
    Files.writeString(
        documents.resolve("handbook.txt"),
        "Page one.\n\fRepairs take ten days <b>. Then we call.\n\fPage three.");
    assertThat(browser.post("documents/index", "source", "none").body())
        .contains("Choose documents of the list");
    HttpResponse<String> refused =
        browser.post("documents/ask", "service", "none", "question", " ");
    assertThat(refused.statusCode()).isEqualTo(422);

    String asked = ask(documents);

    assertThat(browser.get(asked).body())
        .contains("a &lt;i&gt;repair&lt;/i&gt; take?", "href=\"/" + asked + "/1#passage\"");
    assertThat(browser.get(asked + "/1").body())
        .contains("page 2 of 3", "<mark>Repairs take ten days &lt;b&gt;.</mark> Then we call.")
        .doesNotContain("Page three", "<image");
    assertThat(browser.get(asked + "/1/2").statusCode()).isEqualTo(404);
    Files.writeString(
        documents.resolve("handbook.txt"), "Page one.\n\fRepairs take five days <b>.");
    assertThat(browser.get(asked + "/1").body()).contains("has changed since");
    Files.delete(documents.resolve("handbook.txt"));
    assertThat(browser.get(asked + "/1").body()).contains("not there any more");
    browser.post(asked + "/delete");
    assertThat(browser.get(asked).statusCode()).isEqualTo(404);
  }

  private static void writePdf(Path file, String... pages) throws IOException {
    try (PDDocument pdf = new PDDocument()) {
      for (String text : pages) {
        PDPage page = new PDPage();
        pdf.addPage(page);
        try (PDPageContentStream out = new PDPageContentStream(pdf, page)) {
          out.beginText();
          out.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
          out.newLineAtOffset(72, 600);
          out.showText(text);
          out.endText();
        }
      }
      pdf.save(file.toFile());
    }
  }

  @Test
  void aCitationOfAPdfIsLitOnThePictureOfItsPage() throws Exception {
    Path documents = Files.createDirectory(folder.resolve("documents"));
    Path file = documents.resolve("handbook.pdf");
    writePdf(file, "Page one.", "Call. Repairs take ten days. Then we call.");
    Files.writeString(folder.resolve("secret.pdf"), "%PDF");

    String asked = ask(documents);

    String page = browser.get(asked + "/1").body();
    assertThat(page)
        .contains(
            "<image href=\"/" + asked + "/1/2\"",
            "aria-label=\"page 2 of 2, handbook.pdf, with the citation marked\"")
        .contains("<mark>Repairs take ten days.</mark> Then we call.")
        .doesNotContain("was not found on this page");
    // It begins after "Call. ", on the line whose foot is 192 points below the upper edge.
    assertThat(page).containsPattern("<rect x=\"9\\d\\.\\d\" y=\"18\\d\\.\\d\" width=\"12\\d\\.");
    assertThat(page.split("<rect", -1)).hasSize(2);

    BufferedImage picture = browser.image(asked + "/1/2");
    assertThat(picture.getWidth()).isEqualTo(1240);
    for (String other : List.of("/1/3", "/1/0", "/2/1", "/1/x", "/1/2/3", "/1/..%2F1", "/x/1")) {
      assertThat(browser.get(asked + other).statusCode()).as(other).isEqualTo(404);
    }

    // An answer whose file was made to name another document does not open it.
    Path answer = workspace.resolve(asked.replace("documents/", "answers/")).resolve("answer.json");
    Files.writeString(answer, Files.readString(answer).replace("handbook.pdf", "../secret.pdf"));
    assertThat(browser.get(asked + "/1").body()).contains("not there any more");
    assertThat(browser.get(asked + "/1/1").statusCode()).isEqualTo(404);
  }

  @Test
  void aCitationThatIsNotDrawnIsShownAsTextBesideItsPage() throws Exception {
    Path documents = Files.createDirectory(folder.resolve("documents"));
    try (PDDocument pdf = new PDDocument()) {
      PDAnnotationText note = new PDAnnotationText();
      note.setContents("Repairs take ten days.");
      note.setRectangle(new PDRectangle(50, 50, 20, 20));
      PDPage page = new PDPage();
      page.setAnnotations(List.of(note));
      pdf.addPage(page);
      pdf.save(documents.resolve("handbook.pdf").toFile());
    }

    String asked = ask(documents);

    assertThat(browser.get(asked + "/1").body())
        .contains("was not found on this page", "<image href=\"/" + asked + "/1/1\"")
        .contains("<mark>Repairs take ten days.</mark>")
        .doesNotContain("<rect", "citation marked");
  }
}
