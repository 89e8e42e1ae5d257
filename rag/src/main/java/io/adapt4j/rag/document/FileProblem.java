package io.adapt4j.rag.document;

/**
 * A file, or folder, that gave no document.
 *
 * @param id the id that its document would have
 * @param reason why, with the values found
 * @param remedy what to do about it
 */
public record FileProblem(String id, String reason, String remedy) {

  @Override
  public String toString() {
    return id + ": " + reason + ". " + remedy + ".";
  }
}
