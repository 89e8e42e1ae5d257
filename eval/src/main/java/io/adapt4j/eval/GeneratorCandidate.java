package io.adapt4j.eval;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.ArrayList;
import java.util.List;

/** A candidate that is a text generator. */
final class GeneratorCandidate implements Candidate {

  private final TextGenerator generator;
  private final String identity;

  GeneratorCandidate(TextGenerator generator) {
    this.generator = generator;
    this.identity =
        generator
            .identity()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "A generator that is evaluated needs an identity; give it one with"
                            + " TextGenerator.named(\"...\", generator)"));
  }

  boolean retrieves() {
    return generator.retrieves();
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    return reply(requests, (index, reply) -> {});
  }

  @Override
  public Replies reply(List<? extends Request> requests, Arrivals arrivals) {
    List<Request.Answer> questions = new ArrayList<>();
    for (Request request : requests) {
      if (!(request instanceof Request.Answer answer)) {
        throw new UnsupportedOperationException(
            "The generator '"
                + identity
                + "' gives no likelihoods; evaluate it by tasks that are answered in words");
      }
      questions.add(answer);
    }
    return answers(generator, questions, arrivals);
  }

  static Replies answers(
      TextGenerator generator, List<Request.Answer> questions, Arrivals arrivals) {
    List<Reply> replies = new ArrayList<>();
    long promptTokens = 0;
    long newTokens = 0;
    for (Stretch stretch : Stretch.of(questions)) {
      int before = replies.size();
      for (GeneratedText text :
          generator.generateAll(
              stretch.messages(),
              stretch.options(),
              (index, answer) -> arrivals.arrived(before + index, reply(answer)))) {
        replies.add(reply(text));
        promptTokens += text.usage().map(TokenUsage::promptTokens).orElse(0);
        newTokens += text.usage().map(TokenUsage::newTokens).orElse(0);
      }
    }
    return new Replies(replies, promptTokens, newTokens);
  }

  private static Reply reply(GeneratedText text) {
    return new Reply.Text(text.text(), text.finishReason());
  }

  /** Consecutive questions with the same options. */
  record Stretch(GenerationOptions options, List<String> prompts) {

    static List<Stretch> of(List<Request.Answer> questions) {
      List<Stretch> stretches = new ArrayList<>();
      for (Request.Answer question : questions) {
        int last = stretches.size() - 1;
        if (last < 0 || !stretches.get(last).options.equals(question.options())) {
          stretches.add(new Stretch(question.options(), new ArrayList<>()));
          last++;
        }
        stretches.get(last).prompts.add(question.prompt());
      }
      return stretches;
    }

    List<List<ChatMessage>> messages() {
      return prompts.stream().map(prompt -> List.of(ChatMessage.user(prompt))).toList();
    }
  }
}
