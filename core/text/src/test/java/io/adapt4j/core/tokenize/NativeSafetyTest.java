package io.adapt4j.core.tokenize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files for which the native library would end the process, or would throw what says nothing. */
class NativeSafetyTest {

  @TempDir Path folder;

  private void write(String pointer, String value) throws IOException {
    ObjectNode root = stories();
    int slash = pointer.lastIndexOf('/');
    JsonNode parent = root.at(pointer.substring(0, slash));
    String name = pointer.substring(slash + 1);
    JsonNode json = Json.parse(value.replace('\'', '"'));
    if (parent instanceof ArrayNode array) {
      array.set(Integer.parseInt(name), json);
    } else {
      ((ObjectNode) parent).set(name, json);
    }
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
  }

  private static ObjectNode stories() throws IOException {
    return (ObjectNode)
        Json.parse(Files.readString(TestTokenizers.stories().resolve("tokenizer.json")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          /pre_tokenizer                    | {'type':'FixedLength','length':0}                               | field 'pre_tokenizer': expected a length of at least 1, found 0
          /pre_tokenizer                    | {'type':'Sequence','pretokenizers':[{'type':'FixedLength','length':0}]} | a length of at least 1
          /model/continuing_subword_prefix  | 'prefix'                                                        | field 'model.merges': expected second parts that begin with continuing_subword_prefix
          /post_processor/special_tokens    | {}                                                              | tokens of the template that stand in special_tokens, found <s>
          /post_processor/single/1          | {'Sequence':{'id':'B','type_id':0}}                             | expected the sequences [A] in the template 'single', found [B]
          /post_processor/single            | []                                                              | expected the sequences [A] in the template 'single', found []
          /post_processor/pair              | [{'Sequence':{'id':'B','type_id':0}},{'Sequence':{'id':'A','type_id':0}}] | the sequences [A, B] in the template 'pair', found [B, A]
          /post_processor/special_tokens/<s>/ids | [4294967295]                                               | expected ids between 0 and 16777216, found 4294967295
          /post_processor                   | {'type':'BertProcessing','sep':['x',4294967295],'cls':['y',0]}  | expected ids between 0 and 16777216, found 4294967295
          /post_processor                   | {'type':'Sequence','processors':[{'type':'BertProcessing','sep':['x',1],'cls':['y',-1]}]} | found -1
          """)
  void whatWouldEndTheProcessIsRefused(String pointer, String value, String message)
      throws IOException {
    write(pointer, value);
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(() -> Tokenizer.load(folder))
        .withMessageContaining(folder.resolve("tokenizer.json").toString())
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'type':'BPE','vocab':{'a':0,'##b':1,'ab':2},'merges':['a ##b'],'continuing_subword_prefix':'##'}
          {'type':'BPE','vocab':{'a':0,'##é':1,'aé':2},'merges':[['a','##é']],'continuing_subword_prefix':'##'}
          """)
  void mergesThatBeginWithThePrefixAreRead(String model) throws IOException {
    writeModel(model);
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      assertThat(tokenizer.encode("a", false)).containsExactly(0);
    }
  }

  private void writeModel(String model) throws IOException {
    ObjectNode root = stories();
    root.set("model", Json.parse(model.replace('\'', '"')));
    root.putNull("post_processor").putNull("normalizer").putArray("added_tokens");
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
  }

  @Test
  void aTextWithoutAnyTokenInTheVocabularyIsNamed() throws IOException {
    writeModel("{'type':'Unigram','vocab':[['a',-1.0]],'unk_id':null}");
    assertThatExceptionOfType(CheckpointException.class)
        .isThrownBy(
            () -> {
              try (Tokenizer tokenizer = Tokenizer.load(folder)) {
                tokenizer.encode("b", false);
              }
            })
        .withMessageContaining(folder.toString())
        .withMessageContaining("the tokenizers library cannot read a text")
        .withMessageContaining("`unk_id` is missing");
  }
}
