package io.adapt4j.core.data;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeTest {

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
      value = {
        "{'text':'t'}|TEXT",
        "{'content':'t','id':1}|TEXT",
        "{'prompt':'p','completion':'c'}|PROMPT_COMPLETION",
        "{'prompt':'p','response':'c'}|PROMPT_COMPLETION",
        "{'instruction':'i','input':'','output':'o'}|INSTRUCTION",
        "{'instruction':'i','context':'x','response':'o','category':'qa'}|INSTRUCTION",
        "{'text':'t','label':3}|CLASSIFICATION",
        "{'sentence':'t','label':'x'}|CLASSIFICATION",
        "{'text':'t','labels':['x','y']}|CLASSIFICATION",
        "{'text':'t','intent':'x'}|CLASSIFICATION",
        "{'fname':'f','dialogue':'d','summary':'s','topic':'t'}|SUMMARY",
        "{'article':'d','highlights':'s'}|SUMMARY",
        "{'question':'q','answer':'a'}|QUESTION_ANSWER",
        "{'context':'c','question':'q','answers':{'text':['a'],'answer_start':[3]}}|QUESTION_ANSWER",
        "{'prompt':'p','chosen':'a','rejected':'b'}|PREFERENCE",
        "{'prompt':'p','answer':4}|PROMPT",
        "{'query':'q','passage':'p'}|QUERY_PASSAGE",
        "{'anchor':'q','positive':'p','negative':'n'}|QUERY_PASSAGE",
      })
  void recognisesShapesFromTheirFields(String row, Shape shape) throws IOException {
    assertThat(read(row).open().shape()).contains(shape);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'txt':'t','id':1}|[txt, id] are of no known shape",
        "{'text':'t','prompt':'p','completion':'c'}|of several shapes: [TEXT, PROMPT_COMPLETION]",
        "{'text':'t','category':'a','intent':'b'}|[category, intent] could each be the 'label'",
      })
  void listsFieldsFoundAndShapesKnownWhereItCannotTell(String row, String problem)
      throws IOException {
    DatasetReader reader = read(row);
    refuses(DatasetException.class, reader::open, "rows.jsonl: line 1: ", problem);
    if (problem.contains("shape")) {
      assertThatThrownBy(reader::open)
          .hasMessageContaining("INSTRUCTION: instruction, output|response, perhaps input|context");
    }
  }

  @Test
  void negativesAreATextOrAListOrNone() throws IOException {
    String row = "{'anchor':'q','positive':'p','negative':%s}";
    assertThat(read(row.formatted("'n'")).open().get(0))
        .isEqualTo(new Example.QueryPassage("q", "p", List.of("n")));
    assertThat(read(row.formatted("['n','m']")).open().get(0))
        .isEqualTo(new Example.QueryPassage("q", "p", List.of("n", "m")));
    assertThat(read(row.formatted("null")).open().get(0))
        .isEqualTo(new Example.QueryPassage("q", "p"));
    DatasetReader own = read(row.formatted("['p']"));
    assertThatThrownBy(own::open)
        .hasMessageContaining("field 'negative': the negatives must differ from the passage");
  }

  @Test
  void aStatedShapeNeedsNoRecognition() throws IOException {
    assertThat(read("{'text':'t','label':3}").shape(Shape.TEXT).open().get(0))
        .isEqualTo(new Example.Text("t"));
    assertThat(read("{'text':'t','label':3}").open().get(0))
        .isEqualTo(new Example.Classified("t", List.of("3")));
    DatasetReader other = read("{'text':'t'}").shape(Shape.PREFERENCE);
    assertThatThrownBy(other::open).hasMessageContaining("field 'chosen': expected a text");
  }

  @Test
  void aRowOfAnotherShapeIsMalformed() throws IOException {
    DatasetReader reader = read("{'text':'t','label':3}\n{'text':'t'}");
    assertThatThrownBy(reader::open).hasMessageContaining("line 2: field 'label'");
  }

  @Test
  void instructionsBecomePromptsByATemplate() throws IOException {
    Dataset rows =
        read("{'instruction':'Add {input}.','input':'1 2','output':'3'}\n"
                + "{'instruction':'Sing.','output':'La.'}")
            .open();
    assertThat(rows.get(0))
        .isEqualTo(
            new Example.PromptCompletion(
                "Below is an instruction that describes a task, paired with an input that provides"
                    + " further context. Write a response that appropriately completes the"
                    + " request.\n\n### Instruction:\nAdd {input}.\n\n### Input:\n1 2\n\n"
                    + "### Response:\n",
                "3"));
    assertThat(((Example.PromptCompletion) rows.get(1)).prompt()).doesNotContain("Input");
    assertThat(
            read("{'instruction':'Sing.','output':'La.','lang':'en'}")
                .template(PromptTemplate.of("[{lang}] {instruction}: "))
                .open()
                .get(0))
        .isEqualTo(new Example.PromptCompletion("[en] Sing.: ", "La."));
    DatasetReader empty = read("{'instruction':'','output':'x'}");
    assertThatThrownBy(empty::open).hasMessageContaining("needs a text in [instruction]");
  }

  @Test
  void answersComeInSeveralForms() throws IOException {
    for (String answers : List.of("'a'", "['a','b']", "[{'text':'a'}]", "{'text':['a','b']}")) {
      assertThat(read("{'question':'q','context':'c','answers':" + answers + "}").open().get(0))
          .isEqualTo(new Example.PromptCompletion("Context: c\n\nQuestion: q\nAnswer:\n", "a"));
    }
    String none = "{'question':'q','answers':{'text':[]}}";
    DatasetReader unanswered = read(none);
    assertThatThrownBy(unanswered::open).hasMessageContaining("expected an answer");
    assertThat(read(none).noAnswer("unanswerable").open().get(0))
        .isEqualTo(new Example.PromptCompletion("Question: q\nAnswer:\n", "unanswerable"));
  }

  @Test
  void aParagraphOfSquadGivesARowForEveryQuestion() throws IOException {
    Path file = folder.resolve("squad.json");
    Files.writeString(
        file,
        """
        {"version": "1.1", "data": [
          {"title": "T", "paragraphs": [
            {"context": "c1", "qas": [
              {"id": "1", "question": "q1", "answers": [{"text": "a1", "answer_start": 0}]},
              {"id": "2", "question": "q2", "answers": [{"text": "a2", "answer_start": 0}]}]},
            {"context": "c2", "qas": [
              {"id": "3", "question": "q3", "answers": [{"text": "a3", "answer_start": 0}]}]}]},
          {"title": "U", "paragraphs": [
            {"context": "c3", "qas": [
              {"id": "4", "question": "q4", "answers": [{"text": "a4", "answer_start": 0}]}]}]}]}
        """);
    FileDataset rows = Datasets.read(file).open();
    assertThat(rows.size()).isEqualTo(4);
    for (int row = 3; row >= 0; row--) {
      int number = row + 1;
      assertThat(((Example.PromptCompletion) rows.get(row)).completion()).isEqualTo("a" + number);
      assertThat(rows.source(row).orElseThrow().text("id")).isEqualTo("" + number);
    }
    assertThat(((Example.PromptCompletion) rows.get(2)).prompt()).startsWith("Context: c2\n");
    assertThat(rows.locate(3)).endsWith("line 8");
  }
}
