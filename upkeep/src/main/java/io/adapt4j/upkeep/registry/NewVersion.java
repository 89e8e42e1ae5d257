package io.adapt4j.upkeep.registry;

import io.adapt4j.core.internal.Texts;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An adapter or model folder to add to a registry. Immutable.
 *
 * @param name name of the model: lower-case letters, digits, dot, underscore, hyphen
 * @param folder folder with weights, such as {@code runs/support/best}; without symbolic links.
 *     Files whose name begins with a dot are left out
 * @param parent reference of the version it was trained from; if empty, the version whose weights
 *     its {@code provenance.json} names as the start
 * @param note free text of at most 10,000 characters
 */
public record NewVersion(String name, Path folder, Optional<String> parent, String note) {

  private static final int LONGEST_NOTE = 10_000;

  /** Checks the values. */
  public NewVersion {
    Texts.require("folder", folder);
    Names.requireName(name);
    if (note.length() > LONGEST_NOTE) {
      throw new RegistryException(
          "note: expected at most %d characters, found %d. Shorten it."
              .formatted(LONGEST_NOTE, note.length()));
    }
  }

  /**
   * Names a folder to add.
   *
   * @return a version without a note
   */
  public static NewVersion of(String name, Path folder) {
    return new NewVersion(name, folder, Optional.empty(), "");
  }

  /**
   * Sets the parent.
   *
   * @param reference such as {@code support@production}
   * @return a changed copy
   */
  public NewVersion parent(String reference) {
    return new NewVersion(name, folder, Optional.of(reference), note);
  }

  /**
   * Sets the note.
   *
   * @param text at most 10,000 characters
   * @return a changed copy
   */
  public NewVersion note(String text) {
    return new NewVersion(name, folder, parent, text);
  }
}
