package io.adapt4j.core.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.adapt4j.core.internal.Json;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the files of a dataset and their formats. */
final class DatasetFiles {

  private DatasetFiles() {}

  /** Returns a single file, or the sorted non-hidden files below a folder that match a glob. */
  static List<Path> below(Path path, @Nullable String glob) throws IOException {
    if (Files.isRegularFile(path)) {
      return List.of(path);
    }
    if (!Files.isDirectory(path)) {
      throw new DatasetException(path + ": no such file. Check the path.");
    }
    PathMatcher matcher =
        glob == null ? null : FileSystems.getDefault().getPathMatcher("glob:" + glob);
    List<Path> files = new ArrayList<>();
    try (Stream<Path> below = Files.walk(path)) {
      below
          .filter(file -> isWanted(path, file, matcher))
          .sorted((a, b) -> path.relativize(a).toString().compareTo(path.relativize(b).toString()))
          .forEach(files::add);
    }
    if (files.isEmpty()) {
      throw new DatasetException(
          path + ": expected files, found none" + (glob == null ? "." : " that match " + glob));
    }
    return files;
  }

  private static boolean isWanted(Path path, Path file, @Nullable PathMatcher matcher) {
    Path below = path.relativize(file);
    for (Path name : below) {
      if (name.toString().startsWith(".")) {
        return false;
      }
    }
    return Files.isRegularFile(file) && (matcher == null || matcher.matches(below));
  }

  /** Determines a file's format by its name; JSON with one object per line is JSON Lines. */
  static Format format(SourceFile source, Path path) throws IOException {
    String name = source.file().getFileName().toString();
    Format named =
        Format.ofName(name)
            .orElseThrow(
                () ->
                    new DatasetException(
                        source.file()
                            + ": the name does not tell the format. State it with format"
                            + (Files.isDirectory(path) ? ", or choose files with files." : ".")));
    return named == Format.JSON && holdsLines(source) ? Format.JSONL : named;
  }

  /** Returns whether an object is followed by another. */
  private static boolean holdsLines(SourceFile source) throws IOException {
    try (InputStream in = Files.newInputStream(source.content());
        JsonParser parser = Json.parser(in)) {
      in.skipNBytes(source.start());
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      parser.skipChildren();
      return parser.nextToken() == JsonToken.START_OBJECT;
    } catch (JsonProcessingException | CharConversionException e) {
      // Reading it as one document reports the error.
      return false;
    }
  }
}
