package io.adapt4j.core.hub;

import java.util.regex.Pattern;

/**
 * A repository's kind and name. The rules for names are those of the Hub: ASCII letters, digits,
 * {@code -}, {@code _} and {@code .}, at most 96 of them, with one optional owner in front.
 */
record RepositoryId(Kind kind, String name) {

  /** What a repository holds, as the Hub's addresses and the cache's folders spell it. */
  enum Kind {
    MODEL("models", ""),
    DATASET("datasets", "datasets/");

    private final String plural;
    private final String addressPrefix;

    Kind(String plural, String addressPrefix) {
      this.plural = plural;
      this.addressPrefix = addressPrefix;
    }
  }

  private static final Pattern NAME =
      Pattern.compile("(?:\\w(?:[\\w.-]*\\w)?/)?\\w(?:[\\w.-]{0,94}\\w)?");

  RepositoryId {
    if (!NAME.matcher(name).matches()
        || name.contains("--")
        || name.contains("..")
        || name.endsWith(".git")) {
      throw new HubException(
          "'"
              + Names.shown(name)
              + "' is not the name of a repository: expected 'owner/name' or 'name' of letters,"
              + " digits, '-', '_' and '.', without '--', '..' or '.git' at the end");
    }
  }

  static RepositoryId model(String name) {
    return new RepositoryId(Kind.MODEL, name);
  }

  static RepositoryId dataset(String name) {
    return new RepositoryId(Kind.DATASET, name);
  }

  /** The folder of the cache, {@code models--owner--name}. */
  String folderName() {
    return kind.plural + "--" + name.replace("/", "--");
  }

  /** The path of the repository's pages and files. */
  String page() {
    return kind.addressPrefix + name;
  }

  /** The path of the repository in the API. */
  String api() {
    return "api/" + kind.plural + "/" + name;
  }

  @Override
  public String toString() {
    return page();
  }
}
