package io.adapt4j.studio.internal.data;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.finetune.Preview;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.tokenize.TextStream;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A row as the tokens that a model sees, with those it learns from.
 *
 * @param parts samples of the row; several if it is split, none if it is left out
 */
public record MaskedTokens(List<List<Token>> parts, List<String> remarks) {

  /**
   * A token.
   *
   * @param text what it adds to the text; empty if only the next token completes a character
   * @param special whether it is a sign of the template rather than text
   */
  public record Token(int id, String text, String spelling, boolean special, boolean learned) {}

  /** Options of encoding a row. */
  public record Options(LossOn lossOn, int maxLength, boolean asChat, String template) {}

  public MaskedTokens {
    parts = List.copyOf(parts);
    remarks = List.copyOf(remarks);
  }

  /**
   * Tokenizes a row; reads no weights. A row that cannot be encoded, for example for want of a chat
   * template, ends in the exception that training would end in.
   */
  public static MaskedTokens of(Dataset rows, int row, Path model, Options options, Path unused) {
    Dataset one = rows.subset(row);
    FineTuner.Builder builder =
        FineTuner.builder()
            .model(ModelSource.path(model))
            .dataset(options.asChat() ? Datasets.of(List.of(chat(one.get(0)))) : one)
            .method(FullFineTuning.create())
            .lossOn(options.lossOn())
            .maxLength(options.maxLength())
            .output(unused);
    if (!options.template().isEmpty()) {
      builder.chatTemplate(options.template());
    }
    Preview.Row shown = builder.build().preview(1).rows().get(0);
    List<List<Token>> parts = new ArrayList<>();
    try (Tokenizer tokenizer = Tokenizer.load(ModelSource.path(model).folder())) {
      shown.samples().forEach(sample -> parts.add(tokens(sample, tokenizer)));
    }
    return new MaskedTokens(parts, shown.remarks());
  }

  /** Returns a prompt with an answer as a conversation; other rows as they are. */
  static Example chat(Example example) {
    return example instanceof Example.PromptCompletion pair
        ? new Example.Chat(
            List.of(ChatMessage.user(pair.prompt()), ChatMessage.assistant(pair.completion())))
        : example;
  }

  private static List<Token> tokens(Preview.Sample sample, Tokenizer tokenizer) {
    TextStream stream = tokenizer.exactStream(false, new int[0]);
    List<Token> tokens = new ArrayList<>();
    for (Preview.Token token : sample.tokens()) {
      tokens.add(
          new Token(
              token.id(),
              stream.push(token.id()),
              token.text(),
              tokenizer.isSpecial(token.id()),
              token.trained()));
    }
    return tokens;
  }
}
