package io.adapt4j.core.data;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows of the shapes that preferences are published in. */
class PreferenceReaderTest {

  private static final String HUMAN = "\\n\\nHuman: ";
  private static final String ASSISTANT = "\\n\\nAssistant: ";

  @TempDir Path folder;

  private DatasetReader read(String row) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, row.replace('\'', '"'));
    return Datasets.read(file);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "The sky is blue.|The sky is green.|The sky is| blue.| green.",
        "The sky is blue.|The sky is bluish.|The sky is| blue.| bluish.",
        "Q: rain? A:yes|Q: rain? A:no|Q: rain? A:|yes|no",
        "It rains|It rains a lot|It| rains| rains a lot",
        "yes|no||yes|no",
        "😀|😃||😀|😃",
      })
  void withoutAPromptWhatBothBeginWithIsThePrompt(
      String chosen, String rejected, String prompt, String better, String worse)
      throws IOException {
    assertThat(read("{'chosen':'%s','rejected':'%s'}".formatted(chosen, rejected)).open().get(0))
        .isEqualTo(new Example.Preference(prompt == null ? "" : prompt, better, worse));
  }

  @Property(tries = 300)
  void promptAndCompletionsAreTheTextsAgain(
      @ForAll @CharRange(from = 'a', to = 'c') @StringLength(max = 3) String start,
      @ForAll @StringLength(min = 1, max = 5) String chosen,
      @ForAll @StringLength(min = 1, max = 5) String rejected) {
    String better = start + " " + chosen;
    String worse = start + " " + rejected;
    if (!better.equals(worse)) {
      int length = PreferenceReader.sharedPrompt(better, worse);
      assertThat(worse).startsWith(better.substring(0, length));
      assertThat(length).isLessThan(Math.min(better.length(), worse.length()));
    }
  }

  @Test
  void aPromptThatIsEmptyIsAPrompt() throws IOException {
    assertThat(read("{'prompt':'','chosen':'a b','rejected':'a c'}").open().get(0))
        .isEqualTo(new Example.Preference("", "a b", "a c"));
  }

  @Test
  void textsOfHhRlhfHaveAllUpToTheLastAnswerAsPrompt() throws IOException {
    String talk = HUMAN + "Hi" + ASSISTANT + "Hello" + HUMAN + "How are you?" + ASSISTANT;
    String row =
        "{'chosen':'%s','rejected':'%s'}".formatted(talk + "I am well.", talk + "I am a bot.");
    assertThat(read(row).open().get(0))
        .isEqualTo(
            new Example.Preference(
                "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: How are you?\n\nAssistant:",
                " I am well.",
                " I am a bot."));
    assertThat(read(row).asChat("Be kind.").open().get(0))
        .isEqualTo(
            new Example.ChatPreference(
                List.of(
                    ChatMessage.system("Be kind."),
                    ChatMessage.user("Hi"),
                    ChatMessage.assistant("Hello"),
                    ChatMessage.user("How are you?")),
                List.of(ChatMessage.assistant("I am well.")),
                List.of(ChatMessage.assistant("I am a bot."))));
  }

  @Test
  void textsOfHhRlhfMayPartBeforeTheLastAnswer() throws IOException {
    String talk = HUMAN + "Hi" + ASSISTANT;
    Example.Preference pair =
        (Example.Preference)
            read("{'chosen':'%s','rejected':'%s'}"
                    .formatted(talk + "Yo" + HUMAN + "Bye" + ASSISTANT + "Bye", talk + "No"))
                .open()
                .get(0);
    assertThat(pair.prompt()).isEqualTo("\n\nHuman: Hi\n\nAssistant:");
    assertThat(pair.rejected()).isEqualTo(" No");
  }

  @Test
  void rowsOfUltraFeedbackAreConversationsAndTheirScoresStayReadable() throws IOException {
    String prompt = "{'role':'user','content':'u'}";
    String row =
        ("{'prompt':'u','prompt_id':'7','chosen':[%1$s,{'role':'assistant','content':'good'}],"
                + "'rejected':[%1$s,{'role':'assistant','content':'bad'}],'messages':[%1$s],"
                + "'score_chosen':8.5,'score_rejected':4.0}")
            .formatted(prompt);
    FileDataset rows = read(row).open();
    assertThat(rows.get(0))
        .isEqualTo(
            new Example.ChatPreference(
                List.of(ChatMessage.user("u")),
                List.of(ChatMessage.assistant("good")),
                List.of(ChatMessage.assistant("bad"))));
    assertThat(rows.source(0).orElseThrow().text("score_chosen")).isEqualTo("8.5");
  }

  @Test
  void textsBecomeConversationsWhereTheyAreToBe() throws IOException {
    assertThat(read("{'prompt':'p','chosen':'a','rejected':'b'}").asChat().open().get(0))
        .isEqualTo(
            new Example.ChatPreference(
                List.of(ChatMessage.user("p")),
                List.of(ChatMessage.assistant("a")),
                List.of(ChatMessage.assistant("b"))));
    assertThat(read("{'prompt':'p','completion':'a','label':true}").asChat().open().get(0))
        .isEqualTo(
            new Example.ChatUnpairedPreference(
                List.of(ChatMessage.user("p")), List.of(ChatMessage.assistant("a")), true));
  }

  @Test
  void answersWithAVerdictAreUnpaired() throws IOException {
    FileDataset rows = read("{'prompt':'p','completion':'a','label':true}").open();
    assertThat(rows.shape()).contains(Shape.UNPAIRED_PREFERENCE);
    assertThat(rows.get(0)).isEqualTo(new Example.UnpairedPreference("p", "a", true));
    String messages =
        "{'prompt':[{'role':'user','content':'p'}],"
            + "'completion':[{'role':'assistant','content':'a'}],'label':false}";
    assertThat(read(messages).open().get(0))
        .isEqualTo(
            new Example.ChatUnpairedPreference(
                List.of(ChatMessage.user("p")), List.of(ChatMessage.assistant("a")), false));
    assertThat(
            read("{'prompt':'p','completion':'a','label':0}")
                .shape(Shape.UNPAIRED_PREFERENCE)
                .open()
                .get(0))
        .isEqualTo(new Example.UnpairedPreference("p", "a", false));
  }

  @Test
  void aLabelThatIsNoVerdictDoesNotMakeARowUnpaired() throws IOException {
    assertThat(read("{'prompt':'p','completion':'a','label':'billing'}").open().shape())
        .contains(Shape.PROMPT_COMPLETION);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'prompt':'p','chosen':'a','rejected':'a'}|found them alike. Remove the row.",
        "{'prompt':'p','chosen':'','rejected':'a'}|field 'chosen': expected a text to learn",
        "{'chosen':'\\n\\nHuman: a\\n\\nAssistant:','rejected':'\\n\\nHuman: a\\n\\nAssistant: b'}"
            + "|field 'chosen': expected a text to learn",
        "{'chosen':[{'role':'assistant','content':''}],'rejected':[{'role':'assistant',"
            + "'content':'b'}]}|field 'chosen': expected a message to learn, found an empty one",
        "{'chosen':[{'role':'assistant','content':'b'}],'rejected':[{'role':'assistant',"
            + "'content':'b'}]}|found them alike",
      })
  void aPairThatSaysNothingIsMalformedWithTheReason(String row, String problem) throws IOException {
    DatasetReader reader = read(row);
    refuses(DatasetException.class, reader::open, "line 1: ", problem);
  }

  @Test
  void aVerdictIsTrueOrFalse() throws IOException {
    DatasetReader reader =
        read("{'prompt':'p','completion':'a','label':'good'}").shape(Shape.UNPAIRED_PREFERENCE);
    assertThatThrownBy(reader::open)
        .hasMessageContaining("field 'label': expected true for a good completion");
  }

  @Test
  void pairsThatAreAlikeAreCountedWhereTheyMayBeLeftOut() throws IOException {
    FileDataset rows =
        read("{'prompt':'p','chosen':'a','rejected':'a'}\n"
                + "{'prompt':'p','chosen':'a','rejected':'b'}")
            .shape(Shape.PREFERENCE)
            .skipMalformed()
            .open();
    assertThat(rows.size()).isEqualTo(1);
    assertThat(rows.malformed()).isEqualTo(1);
  }
}
