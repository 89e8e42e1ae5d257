package io.adapt4j.cli;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.vision.Picture;
import io.adapt4j.vision.PictureException;
import io.adapt4j.vision.VisionLanguageModel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Pictures of a conversation. */
final class ChatPictures {

  static final String NAME = "--image";

  @Option(
      names = NAME,
      paramLabel = "FILE",
      description =
          "A picture for the first message, which needs a model with an image tower. May be given"
              + " more than once; /image adds others.")
  private final List<Path> files = new ArrayList<>();

  private record Shown(Path file, Picture picture) {}

  private final List<Shown> shown = new ArrayList<>();
  private final List<Shown> next = new ArrayList<>();
  private Optional<VisionLanguageModel> model = Optional.empty();

  ChatPictures() {}

  /** Reads the pictures of the option, before a model is loaded. */
  void read() {
    files.forEach(file -> next.add(read(NAME, file.toString())));
  }

  /** Sets the model, if it reads pictures. */
  void showTo(Optional<VisionLanguageModel> reader) {
    model = reader;
    if (!files.isEmpty()) {
      requireReader(NAME);
    }
  }

  /** Returns whether conversations are answered here. */
  boolean areRead() {
    return model.isPresent();
  }

  /** Adds a picture to the next message. */
  void add(String name, String file) {
    requireReader(name);
    if (file.isEmpty()) {
      throw new IllegalArgumentException(name + ": expected a file, found none. Name a picture.");
    }
    next.add(read(name, file));
  }

  private void requireReader(String name) {
    if (model.isEmpty()) {
      throw new IllegalArgumentException(
          name
              + ": the model reads no pictures, or has tools from --mcp. Name a model with an image"
              + " tower, without --mcp.");
    }
  }

  private static Shown read(String name, String file) {
    try {
      Path path = Path.of(file);
      return new Shown(path, Picture.read(path));
    } catch (PictureException | InvalidPathException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  /** Returns a message with the pictures that were added since the last one. */
  ChatMessage message(String text) {
    if (next.isEmpty()) {
      return ChatMessage.user(text);
    }
    List<Map<String, String>> parts = new ArrayList<>();
    next.forEach(picture -> parts.add(Map.of("type", "image")));
    parts.add(Map.of("type", "text", "text", text));
    shown.addAll(next);
    next.clear();
    return ChatMessage.of(Map.of("role", "user", "content", parts));
  }

  List<ChatMessage> answer(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    List<Picture> pictures = shown.stream().map(Shown::picture).toList();
    String text = model.orElseThrow().chat(messages, pictures, options, onText).text();
    List<ChatMessage> all = new ArrayList<>(messages);
    all.add(ChatMessage.assistant(text));
    return all;
  }

  /** Drops the pictures that no message has any more. */
  void keepOnlyIn(List<ChatMessage> messages) {
    long count = messages.stream().mapToLong(ChatPictures::count).sum();
    shown.subList((int) count, shown.size()).clear();
  }

  private static long count(ChatMessage message) {
    return message.content() instanceof List<?> parts
        ? parts.stream().filter(part -> !isText((Map<?, ?>) part)).count()
        : 0;
  }

  private static boolean isText(Map<?, ?> part) {
    return "text".equals(part.get("type"));
  }

  /** Returns a content as rows of training have it, with marks in the places of pictures. */
  static String marked(Object content) {
    return content instanceof List<?> parts
        ? parts.stream()
            .map(Map.class::cast)
            .map(part -> isText(part) ? String.valueOf(part.get("text")) : "<image>")
            .collect(Collectors.joining())
        : String.valueOf(content);
  }

  /** Returns the files of the pictures, in their order. */
  List<String> paths() {
    return shown.stream().map(picture -> picture.file().toAbsolutePath().toString()).toList();
  }
}
