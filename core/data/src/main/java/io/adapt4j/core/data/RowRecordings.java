package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/** Recordings of rows: paths, or data URLs of bytes. */
final class RowRecordings {

  private static final Pattern SOUND = Pattern.compile(".*\\.(wav|mp3|flac|ogg|opus|m4a|aac|webm)");

  private RowRecordings() {}

  /** Returns whether a field names a sound file. */
  static boolean isSound(JsonNode name) {
    return SOUND.matcher(name.asText().toLowerCase(Locale.ROOT)).matches();
  }

  static Example read(ObjectNode row, String field, String text) throws RowProblem {
    String audio = RowPictures.source(Row.plain(row.path(field)), field, "audio");
    try {
      boolean stored = !audio.startsWith(RowPictures.DATA);
      return new Example.Recording(stored ? Path.of(audio).toString() : audio, text);
    } catch (InvalidPathException e) {
      throw new RowProblem("field '" + field + "': expected a path, " + e.getMessage() + ".");
    }
  }

  /** Resolves a relative path against the folder of a row's file. */
  static Example resolved(Example.Recording row, Path folder) {
    return row.audio().startsWith(RowPictures.DATA)
        ? row
        : new Example.Recording(folder.resolve(row.audio()).toString(), row.text());
  }
}
