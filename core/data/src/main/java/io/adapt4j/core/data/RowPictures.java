package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.chat.PictureTokens;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Pictures of conversations: a list {@code images}, or one {@code image}, in the order of the marks
 * {@code <image>} in texts or of parts {@code {"type": "image"}}, or parts that name their own.
 * Sources become paths or data URLs in parts {@code {"type": "image", "image": source}}. Recordings
 * of rows likewise.
 */
final class RowPictures {

  private static final Pattern SOUND = Pattern.compile(".*\\.(wav|mp3|flac|ogg|opus|m4a|aac|webm)");
  private static final String MARK = "<image>";
  static final String DATA = "data:";
  private static final String IMAGE = "image";
  private static final String TYPE = "type";
  private static final String TEXT = "text";

  private final List<String> images = new ArrayList<>();
  private int used;

  private RowPictures() {}

  /** Puts the pictures of a row into its messages; returns these if it has none. */
  static List<ChatMessage> placed(List<ChatMessage> messages, JsonNode row) throws RowProblem {
    RowPictures pictures = new RowPictures();
    JsonNode listed = row.path(row.has("images") ? "images" : "image");
    if (listed.isArray()) {
      for (int i = 0; i < listed.size(); i++) {
        pictures.images.add(source(Row.plain(listed.get(i)), "images[" + i + "]"));
      }
    } else if (listed.isTextual() || listed.isObject()) {
      pictures.images.add(source(Row.plain(listed), "images"));
    }
    if (pictures.images.isEmpty() && messages.stream().noneMatch(RowPictures::hasParts)) {
      return messages;
    }
    List<ChatMessage> placed = new ArrayList<>();
    for (ChatMessage message : messages) {
      placed.add(message.with("content", pictures.parts(message.content())));
    }
    if (pictures.used < pictures.images.size()) {
      throw new RowProblem(
          "field 'images': expected one for each of the "
              + pictures.used
              + " marks <image> or parts of type image, found "
              + pictures.images.size()
              + ".");
    }
    return placed;
  }

  private static boolean hasParts(ChatMessage message) {
    return message.content() instanceof List<?> parts
        && parts.stream().anyMatch(RowPictures::isPicture);
  }

  private static boolean isPicture(Object part) {
    return part instanceof Map<?, ?> fields
        && (IMAGE.equals(fields.get(TYPE)) || "image_url".equals(fields.get(TYPE)));
  }

  private List<Object> parts(@Nullable Object content) throws RowProblem {
    List<Object> parts = new ArrayList<>();
    if (content instanceof List<?> given) {
      for (Object part : given) {
        parts.add(isPicture(part) ? picture((Map<?, ?>) part) : part);
      }
      return parts;
    }
    String text = content == null ? "" : content.toString();
    int from = 0;
    int at;
    while (used < images.size() && (at = text.indexOf(MARK, from)) >= 0) {
      addText(parts, text.substring(from, at));
      parts.add(Map.of(TYPE, IMAGE, IMAGE, next()));
      from = at + MARK.length();
    }
    addText(parts, text.substring(from));
    return parts;
  }

  private static void addText(List<Object> parts, String text) {
    if (!text.isEmpty()) {
      parts.add(Map.of(TYPE, TEXT, TEXT, text));
    }
  }

  private Map<String, Object> picture(Map<?, ?> part) throws RowProblem {
    for (String key : List.of(IMAGE, "path", "url", "image_url")) {
      if (part.get(key) != null) {
        return Map.of(TYPE, IMAGE, IMAGE, source(part.get(key), key));
      }
    }
    return Map.of(TYPE, IMAGE, IMAGE, next());
  }

  private String next() throws RowProblem {
    if (used == images.size()) {
      throw new RowProblem(
          "field 'images': expected one for each part of type image, found "
              + images.size()
              + " in all.");
    }
    return images.get(used++);
  }

  private static String source(@Nullable Object value, String place) throws RowProblem {
    return source(value, place, IMAGE);
  }

  /** Returns a path or data URL. */
  static String source(@Nullable Object value, String place, String media) throws RowProblem {
    if (value instanceof String text && !text.isEmpty()) {
      if (text.startsWith("http:") || text.startsWith("https:")) {
        throw new RowProblem(
            "field '" + place + "': expected a file, found " + text + ". Download it first.");
      }
      return text;
    }
    if (value instanceof Map<?, ?> fields) {
      if (fields.get("bytes") instanceof String bytes && !bytes.isEmpty()) {
        return DATA + media + ";base64," + bytes;
      }
      for (String key : List.of("path", "url")) {
        if (fields.get(key) != null) {
          return source(fields.get(key), place + "." + key, media);
        }
      }
    }
    throw new RowProblem(
        "field '"
            + place
            + "': expected a path, or 'bytes' in base64, found "
            + RowProblem.quote(String.valueOf(value))
            + ".");
  }

  /** Returns whether a field names a sound file. */
  static boolean isSound(JsonNode name) {
    return SOUND.matcher(name.asText().toLowerCase(Locale.ROOT)).matches();
  }

  /** Reads a recording with its text. */
  static Example recording(ObjectNode row, String field, String text) throws RowProblem {
    String audio = source(Row.plain(row.path(field)), field, "audio");
    try {
      return new Example.Recording(
          audio.startsWith(DATA) ? audio : Path.of(audio).toString(), text);
    } catch (InvalidPathException e) {
      throw new RowProblem("field '" + field + "': expected a path, " + e.getMessage() + ".");
    }
  }

  /** Resolves relative paths of pictures and recordings against the folder of a row's file. */
  static Example resolved(Example example, Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (example instanceof Example.Recording recording && folder != null) {
      return recording.audio().startsWith(DATA)
          ? example
          : new Example.Recording(folder.resolve(recording.audio()).toString(), recording.text());
    }
    if (!(example instanceof Example.Chat chat)
        || folder == null
        || PictureTokens.sources(chat.messages()).isEmpty()) {
      return example;
    }
    List<ChatMessage> messages = new ArrayList<>();
    for (ChatMessage message : chat.messages()) {
      messages.add(
          message.content() instanceof List<?> parts
              ? message.with("content", resolvedParts(parts, folder))
              : message);
    }
    return new Example.Chat(messages, chat.tools());
  }

  private static List<Object> resolvedParts(List<?> parts, Path folder) {
    List<Object> resolved = new ArrayList<>();
    for (Object part : parts) {
      boolean relative =
          isPicture(part)
              && ((Map<?, ?>) part).get(IMAGE) instanceof String source
              && !source.startsWith(DATA);
      resolved.add(
          relative
              ? Map.of(
                  TYPE, IMAGE, IMAGE, folder.resolve((String) ((Map<?, ?>) part).get(IMAGE)) + "")
              : part);
    }
    return resolved;
  }
}
