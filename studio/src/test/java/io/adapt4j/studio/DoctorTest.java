package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Findings with their rows, fixes and their undoing. */
class DoctorTest {

  private static final String ROW = "{\"prompt\": \"%s\", \"completion\": \"%s\"}\n";

  @TempDir private Path folder;
  private Studio studio;
  private Browser browser;
  private String page;

  @BeforeEach
  void start() throws Exception {
    studio = Studio.builder().workspace(folder.resolve("ws")).start();
    browser = Browser.of(studio);
  }

  @AfterEach
  void close() {
    studio.close();
  }

  /** Opens rows and waits for what the doctor finds. */
  private String examined(String rows) throws Exception {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, rows);
    page = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(page, text -> text.contains("prompts with answers"));
    page += "/doctor";
    return findings();
  }

  private String findings() throws Exception {
    return browser.wait(
        page, text -> text.contains("Rows by number of characters") || text.contains("notice bad"));
  }

  private static String rows() {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append(ROW.formatted("Question " + i * 7919, "The answer is " + i * 104729 + "."));
    }
    return rows.toString();
  }

  @Test
  void aFindingIsShownBesideItsRowAndFixedAndUndone() throws Exception {
    String found =
        examined(
            rows()
                + ROW.formatted("Mail", "Ask anna@example.com.")
                + ROW.formatted("<script>alert(1)</script>", "  ")
                + "{\"prompt\": \n");
    assertThat(found)
        .contains("Rows that could not be read", "Empty answers", "Suspected personal data")
        .contains("<b>42</b><span>Rows</span>");
    String empty = browser.get(page + "?check=EMPTY_ANSWER").body();
    assertThat(empty)
        .contains("rows.jsonl line 42", "&lt;script&gt;alert(1)&lt;/script&gt;")
        .doesNotContain("<script>alert");

    browser.post(page + "/fix", "action", "drop", "of", "EMPTY_ANSWER");
    browser.post(page + "/fix", "action", "redact", "of", "PERSONAL_DATA");
    assertThat(findings())
        .contains("<b>41</b><span>Rows</span>", "<b>1</b><span>Rows left out</span>")
        .contains("Leave these rows out", "Mask them")
        .doesNotContain("Suspected personal data <span");
    assertThat(cleaned()).hasSize(41).anyMatch(line -> line.contains("Ask [EMAIL]."));

    browser.post(page + "/undo", "action", "drop", "of", "EMPTY_ANSWER");
    assertThat(findings()).contains("<b>42</b><span>Rows</span>");
    studio.close();
    start();
    assertThat(findings()).contains("<b>42</b><span>Rows</span>", "Mask them");
    assertThat(Files.readString(folder.resolve("rows.jsonl"))).contains("anna@example.com");
  }

  private List<String> cleaned() throws Exception {
    String id = page.split("/", -1)[1];
    return Files.readAllLines(folder.resolve("ws/data").resolve(id).resolve("cleaned.jsonl"));
  }

  @Test
  void oneRowIsLeftOut() throws Exception {
    examined(rows() + ROW.formatted("Same", "Equal one.") + ROW.formatted("Same", "Equal one."));
    String found = browser.get(page + "?check=EXACT_DUPLICATE").body();
    String place = folder.resolve("rows.jsonl").toRealPath() + " line 42";
    assertThat(found).contains("value=\"" + place + "\"");
    browser.post(page + "/fix", "action", "row", "of", place);
    assertThat(findings()).contains("Nothing was found.", "<b>41</b><span>Rows</span>");
  }

  @Test
  void longListsArePagedOnTheServer() throws Exception {
    StringBuilder rows = new StringBuilder(rows());
    for (int i = 0; i < 1200; i++) {
      rows.append(ROW.formatted("Unanswered " + i, " "));
    }
    examined(rows.toString());
    String last = browser.get(page + "?check=EMPTY_ANSWER&page=99").body();
    assertThat(last)
        .contains("991–1,000 of 1,000", "The first 1,000 of 1,200 are listed.")
        .contains("rows.jsonl line 1040")
        .doesNotContain("rows.jsonl line 1030<");
    assertThat(last.length()).isLessThan(40_000);
  }

  @Test
  void leaksAgainstNamedTestRowsAreFoundAndLeftOut() throws Exception {
    String tested = examined(rows()).isEmpty() ? "" : page.split("/", -1)[1];
    Path file = folder.resolve("train.jsonl");
    Files.writeString(
        file,
        rows().lines().limit(3).collect(Collectors.joining("\n")) + "\n" + ROW.formatted("a", "b"));
    page = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(page, text -> text.contains("prompts with answers"));
    page += "/doctor";
    assertThat(findings()).contains("Nothing was found.", "rows.jsonl</option>");

    browser.post(page + "/test", "test", tested);
    assertThat(findings()).contains("Test rows in the training data");
    assertThat(browser.get(page + "?check=LEAKAGE").body())
        .contains("rows.jsonl line 1<", "train.jsonl line 1", "Question 7919");
    browser.post(page + "/fix", "action", "drop", "of", "LEAKAGE");
    assertThat(findings()).contains("Nothing was found.", "<b>1</b><span>Rows</span>");
    assertThat(browser.post(page + "/test", "test", "nowhere").statusCode()).isEqualTo(404);

    browser.post(page + "/test", "test", "");
    assertThat(findings()).contains("<b>4</b><span>Rows</span>");
  }

  @Test
  void rowsAreSplitIntoTrainingAndTest() throws Exception {
    examined(rows());
    assertThat(browser.post(page + "/split", "percent", "60").statusCode()).isEqualTo(422);
    page = browser.post(page + "/split", "percent", "25").uri().getPath().substring(1);
    assertThat(findings())
        .contains("<b>30</b><span>Rows</span>", "rows.jsonl (training)")
        .containsPattern("<option value=\"[^\"]+\" selected>rows.jsonl \\(test\\)");
  }

  @Test
  void splittingKeepsFieldsThatAreNotLearnedUnlessRowsWouldBeReadOtherwise() throws Exception {
    examined(rows().replace("}\n", ",\"customer\":\"c1\"}\n"));
    page = browser.post(page + "/split", "percent", "25").uri().getPath().substring(1);
    findings();
    assertThat(browser.get(page.replace("/doctor", "")).body()).contains("<dt>customer</dt>");

    Path file = folder.resolve("more.jsonl");
    Files.writeString(file, rows().replace("}\n", ",\"messages\":\"none\"}\n"));
    page = browser.post("", "path", file.toString()).uri().getPath().substring(1);
    browser.wait(page, text -> text.contains("id=\"reading\""));
    browser.post(page + "/reading", "shape", "PROMPT_COMPLETION", "delimiter", "");
    browser.wait(page, text -> text.contains("prompts with answers"));
    page += "/doctor";
    findings();
    page = browser.post(page + "/split", "percent", "25").uri().getPath().substring(1);
    assertThat(findings()).contains("<b>30</b><span>Rows</span>");
  }

  @ParameterizedTest
  @CsvSource({
    "drop,LEAKAGE",
    "drop,<b>",
    "run,EMPTY_ANSWER",
    "row,''",
    "row,/etc/passwd line 1",
    "redact,EMPTY_ANSWER"
  })
  void aFixThatThereIsNoneOfIsRefused(String action, String of) throws Exception {
    examined(rows());
    assertThat(browser.post(page + "/fix", "action", action, "of", of).statusCode()).isEqualTo(422);
    assertThat(findings()).contains("Nothing was found.");
  }

  @Test
  void fixesThatLeaveNoRowAreNamedAndCanBeUndone() throws Exception {
    examined(ROW.formatted("Only", " "));
    browser.post(page + "/fix", "action", "drop", "of", "EMPTY_ANSWER");
    assertThat(browser.wait(page, text -> text.contains("leaves no row"))).contains("Undo");
    browser.post(page + "/undo", "action", "drop", "of", "EMPTY_ANSWER");
    assertThat(findings()).contains("<b>1</b><span>Rows</span>");
  }

  @Test
  void rowsLongerThanALimitInTokensAreNamedTruncatedAndLeftOut() throws Exception {
    studio.close();
    studio =
        Studio.builder()
            .workspace(folder.resolve("ws"))
            .models(TestWorkspace.MODEL.getParent())
            .start();
    browser = Browser.of(studio);
    examined(rows() + ROW.formatted("Once there was a cat. ".repeat(40), "It sat."));
    String model = TestWorkspace.MODEL.toString();
    assertThat(browser.post(page + "/tokens", "model", "/etc", "limit", "64").statusCode())
        .isEqualTo(422);
    browser.post(page + "/tokens", "model", model, "limit", "64");
    String counted = browser.wait(page, text -> text.contains("Rows by number of tokens"));
    assertThat(counted).contains("Rows with more than 64 tokens: 1.", "rows.jsonl line 41");
    String truncate = " value=\"(\\d+ " + Pattern.quote(model) + ")\"";
    String of = Pattern.compile(truncate).matcher(counted).results().findFirst().get().group(1);
    assertThat(browser.post(page + "/fix", "action", "truncate", "of", "1 /x").statusCode())
        .isEqualTo(422);
    browser.post(page + "/fix", "action", "truncate", "of", of);
    assertThat(browser.wait(page, text -> text.contains("All rows fit.")))
        .contains("tokens of stories260K", "<b>41</b><span>Rows</span>");
    browser.post(page + "/undo", "action", "truncate", "of", of);
    browser.wait(page, text -> text.contains("Rows with more than"));
    browser.post(page + "/fix", "action", "drop_long", "of", "64 " + model);
    assertThat(browser.wait(page, text -> text.contains("All rows fit.")))
        .contains("<b>40</b><span>Rows</span>");
    browser.post(page + "/tokens", "model", model, "limit", "5000");
    assertThat(browser.wait(page, text -> text.contains("All rows fit.")))
        .contains("The model was made for 512 tokens at most.");
  }
}
