package io.adapt4j.core.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of conversations with pictures. */
class RowPicturesTest {

  @TempDir private Path folder;

  private Example.Chat read(String row) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, row.replace('\'', '"'));
    return (Example.Chat) Datasets.read(file).open().get(0);
  }

  private String path(String name) {
    return folder.toAbsolutePath().resolve(name).toString();
  }

  private static Map<String, String> text(String text) {
    return Map.of("type", "text", "text", text);
  }

  private static Map<String, String> image(String source) {
    return Map.of("type", "image", "image", source);
  }

  @Test
  void marksInTextsTakeTheListedPicturesInOrder() throws IOException {
    Example.Chat chat =
        read(
            "{'messages': [{'role': 'user', 'content': '<image>First, <image> second'},"
                + " {'role': 'assistant', 'content': 'The mark is <image>'}],"
                + " 'images': ['a.png', '/b.png']}");
    assertThat(chat.messages().get(0).content())
        .isEqualTo(
            List.of(image(path("a.png")), text("First, "), image("/b.png"), text(" second")));
    assertThat(chat.messages().get(1).content()).isEqualTo(List.of(text("The mark is <image>")));
  }

  @Test
  void partsTakeThemOrNameTheirOwn() throws IOException {
    Example.Chat chat =
        read(
            "{'messages': [{'role': 'user', 'content': [{'type': 'image'}, {'type': 'image_url',"
                + " 'image_url': {'url': 'data:image/png;base64,QQ=='}}, {'type': 'image', 'path':"
                + " 'c.png'}, {'type': 'text', 'text': 'x'}]}, {'role': 'assistant', 'content':"
                + " 'y'}], 'images': [{'bytes': 'QkM=', 'path': 'original.png'}]}");
    assertThat(PictureTokens.sources(chat.messages()))
        .containsExactly("data:image;base64,QkM=", "data:image/png;base64,QQ==", path("c.png"));
  }

  @Test
  void conversationsOfShareGptHavePicturesToo() throws IOException {
    Example.Chat chat =
        read(
            "{'conversations': [{'from': 'human', 'value': '<image>\\nx'}, {'from': 'gpt', 'value':"
                + " 'y'}], 'image': 'a.png'}");
    assertThat(chat.messages().get(0).content())
        .isEqualTo(List.of(image(path("a.png")), text("\nx")));
  }

  @Test
  void textsWithoutPicturesStayAsTheyAre() throws IOException {
    Example.Chat chat =
        read(
            "{'messages': [{'role': 'user', 'content': 'What is <image>?'}, {'role': 'assistant',"
                + " 'content': 'y'}], 'images': []}");
    assertThat(chat.messages().get(0).content()).isEqualTo("What is <image>?");
  }

  @Test
  void whatCannotBeReadIsNamed() {
    String user = "{'messages': [{'role': 'user', 'content': ";
    String rest = "}, {'role': 'assistant', 'content': 'y'}], 'images': ";
    assertThatThrownBy(() -> read(user + "'x'" + rest + "['a.png']}"))
        .hasMessageContaining("line 1")
        .hasMessageContaining("each of the 0 marks")
        .hasMessageContaining("found 1");
    assertThatThrownBy(() -> read(user + "[{'type': 'image'}]" + rest + "[]}"))
        .hasMessageContaining("each part of type image");
    assertThatThrownBy(() -> read(user + "'<image>'" + rest + "['https://x/a.png']}"))
        .hasMessageContaining("images[0]")
        .hasMessageContaining("Download it");
    assertThatThrownBy(() -> read(user + "'<image>'" + rest + "[{'size': 3}]}"))
        .hasMessageContaining("images[0]")
        .hasMessageContaining("'bytes' in base64");
  }

  @Test
  void modelsOfTextsRefusePictures() throws IOException {
    Example.Chat chat =
        read(
            "{'messages': [{'role': 'user', 'content': '<image>x'}, {'role': 'assistant',"
                + " 'content': 'y'}], 'images': ['a.png']}");
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ExampleEncoder encoder =
          ExampleEncoder.builder(tokenizer, 512).chatTemplate(ChatTemplate.named("chatml")).build();
      assertThatThrownBy(() -> encoder.encode(chat))
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining("adapt4j-vision");
    }
  }
}
