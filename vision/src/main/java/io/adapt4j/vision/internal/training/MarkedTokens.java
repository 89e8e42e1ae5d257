package io.adapt4j.vision.internal.training;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.chat.EncodedChat;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.Span;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PicturePrompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Encodes conversations with pictures as the family's processor does. */
record MarkedTokens(PictureRegister pictures, Tokenizer tokenizer, Supplier<String> alone)
    implements PictureTokens {

  private static final String ASSISTANT = "assistant";

  @Override
  public boolean isNeeded() {
    return pictures.hasSuffixes();
  }

  @Override
  public int key(int id) {
    return pictures.key(id);
  }

  @Override
  public EncodedChat encode(List<ChatMessage> messages, String text, List<Span> answers) {
    List<String> sources = PictureTokens.sources(messages);
    if (isNeeded() && sources.isEmpty()) {
      throw new ChatException("expected a picture in each row. Take out rows without");
    }
    List<Pixels> pixels = sources.stream().map(PictureRegister::read).toList();
    Span suffix = isNeeded() ? suffix(text, answers) : new Span(text.length(), text.length());
    PicturePrompt prompt =
        pictures.processor().prompt(tokenizer, text.substring(0, suffix.start()), pixels);
    EncodedChat encoded =
        isNeeded()
            ? withSuffix(prompt, text.substring(suffix.start(), suffix.end()))
            : withMask(prompt, expanded(messages, text, answers, pixels, prompt.text().length()));
    int[] ids = encoded.ids().clone();
    boolean[] mask = encoded.assistantMask();
    int at = 0;
    for (int i = 0; i < pixels.size(); i++) {
      PictureEncoder.Known known = pictures.add(sources.get(i), pixels.get(i), rows(pixels.get(i)));
      for (int row = 0; row < known.rows(); row++) {
        while (at < ids.length && ids[at] != prompt.placeId()) {
          at++;
        }
        if (at == ids.length) {
          throw placesDiffer();
        }
        ids[at] = known.first() + row;
        mask[at] = false;
      }
    }
    if (Arrays.stream(ids).anyMatch(id -> id == prompt.placeId())) {
      throw placesDiffer();
    }
    return new EncodedChat(encoded.text(), ids, mask);
  }

  private EncodedChat withMask(PicturePrompt prompt, List<Span> spans) {
    Encoding encoding = tokenizer.encodeWithOffsets(prompt.text(), false);
    boolean[] mask = new boolean[encoding.length()];
    for (int i = 0; i < mask.length; i++) {
      int start = encoding.starts()[i];
      int end = encoding.ends()[i];
      mask[i] = spans.stream().anyMatch(span -> start < span.end() && end > span.start());
    }
    return new EncodedChat(prompt.text(), encoding.ids(), mask);
  }

  /** Returns the only answer, with which the conversation ends. */
  private static Span suffix(String text, List<Span> answers) {
    if (answers.isEmpty()) {
      return new Span(text.length(), text.length());
    }
    Span answer = answers.get(0);
    boolean isLast = answers.size() == 1 && text.substring(answer.end()).isBlank();
    if (!isLast || answer.start() == 0) {
      throw new ChatException(
          "expected a prompt and one answer to train on, which is last: this family does not read"
              + " later prompts. Give each answer a row of its own, and train on answers only");
    }
    return answer;
  }

  private EncodedChat withSuffix(PicturePrompt prompt, String answer) {
    int[] suffix = tokenizer.encode(answer, false);
    int start = prompt.ids().length;
    int[] ids = Arrays.copyOf(prompt.ids(), start + suffix.length);
    System.arraycopy(suffix, 0, ids, start, suffix.length);
    boolean[] mask = new boolean[ids.length];
    Arrays.fill(mask, start, ids.length, true);
    return new EncodedChat(prompt.text() + answer, ids, mask);
  }

  private static ChatException placesDiffer() {
    return new ChatException(
        "expected as many tokens of pictures as the pictures have rows; take the tokens that stand"
            + " for pictures out of the texts");
  }

  private int rows(Pixels picture) {
    PicturePrompt prompt = pictures.processor().prompt(tokenizer, alone.get(), List.of(picture));
    return Math.toIntExact(
        Arrays.stream(prompt.ids()).filter(id -> id == prompt.placeId()).count());
  }

  /** Moves spans by what the marks of pictures before them have grown. */
  private List<Span> expanded(
      List<ChatMessage> messages, String text, List<Span> answers, List<Pixels> pixels, int end) {
    List<Integer> before = new ArrayList<>();
    int seen = 0;
    for (ChatMessage message : messages) {
      if (message.role().equals(ASSISTANT)) {
        before.add(seen);
      }
      seen += PictureTokens.sources(message).size();
    }
    List<Span> moved = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      Span span = answers.get(i);
      if (span.start() == 0 && span.end() == text.length()) {
        moved.add(new Span(0, end));
        continue;
      }
      int message = before.size() - answers.size() + i;
      int shown = message < 0 ? pixels.size() : before.get(message);
      int growth =
          shown == pixels.size()
              ? end - text.length()
              : growth(text.substring(0, span.start()), pixels.subList(0, shown));
      moved.add(new Span(span.start() + growth, span.end() + growth));
    }
    return moved;
  }

  private int growth(String beginning, List<Pixels> pixels) {
    return pictures.processor().prompt(tokenizer, beginning, pixels).text().length()
        - beginning.length();
  }
}
