package io.adapt4j.core.hub;

import io.adapt4j.core.internal.PortableName;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Validates untrusted names before they become paths in the cache: file names, hashes and commits
 * come from a server.
 */
final class Names {

  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern ETAG = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");
  private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*", Pattern.DOTALL);
  private static final Pattern NOT_IN_REVISIONS =
      Pattern.compile(".*[\\s~^:?*\\[\\\\\\p{Cntrl}].*");

  private Names() {}

  static boolean isCommit(String revision) {
    return COMMIT.matcher(revision).matches();
  }

  static String requireCommit(RepositoryId repository, String sha) {
    if (!isCommit(sha)) {
      throw new HubException(
          repository
              + ": the server gave the commit '"
              + shown(sha)
              + "', expected 40 hexadecimal digits. Is HF_ENDPOINT a Hugging Face Hub?");
    }
    return sha;
  }

  /** Checks a branch, tag, commit or reference such as {@code refs/pr/1}. */
  static String requireRevision(String revision) {
    String problem = NOT_IN_REVISIONS.matcher(revision).matches() ? "a forbidden character" : "";
    for (String part : revision.split("/", -1)) {
      if (problem.isEmpty()) {
        problem = problemOfPart(part);
      }
    }
    if (problem.isEmpty() && revision.length() > 255) {
      problem = "more than 255 characters";
    }
    if (!problem.isEmpty()) {
      throw new HubException(
          "'%s' cannot be a revision: it has %s. Give a branch, a tag or a commit"
              .formatted(shown(revision), problem));
    }
    return revision;
  }

  /** Checks a file's name in a repository, parts separated by {@code /}. */
  static String requireFile(RepositoryId repository, String file) {
    String problem = "";
    if (file.startsWith("/")) {
      problem = "a slash in front";
    } else if (file.indexOf('\\') >= 0) {
      problem = "a backslash";
    } else if (DRIVE.matcher(file).matches()) {
      problem = "a drive letter";
    } else if (file.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
      problem = "a control character";
    }
    for (String part : file.split("/", -1)) {
      if (problem.isEmpty()) {
        problem = problemOfPart(part);
      }
    }
    if (!problem.isEmpty()) {
      throw new HubException(
          ("%s: the file name '%s' has %s and could lead outside of the cache; nothing is"
                  + " written for it. Do not trust this repository, or choose its files by"
                  + " name without this one")
              .formatted(repository, shown(file), problem));
    }
    return file;
  }

  static String requireEtag(RepositoryId repository, String file, String etag) {
    if (!ETAG.matcher(etag).matches()) {
      throw new HubException(
          ("%s: %s: the server gave the ETag '%s', which cannot name a file. Is HF_ENDPOINT a"
                  + " Hugging Face Hub?")
              .formatted(repository, file, shown(etag)));
    }
    return etag;
  }

  private static String problemOfPart(String part) {
    return PortableName.problem(part).orElse("");
  }

  /** Refuses names that a file system without upper and lower case takes for one. */
  static void requireDistinct(RepositoryId repository, Collection<String> files) {
    Map<String, String> seen = new HashMap<>();
    for (String file : files) {
      String other = seen.put(file.toUpperCase(Locale.ROOT), file);
      if (other != null && !other.equals(file)) {
        throw new HubException(
            ("%s: '%s' and '%s' would be one file in the cache, whose file system does not tell"
                    + " upper case from lower. Set HF_HUB_CACHE to a folder on another one")
                .formatted(repository, shown(other), shown(file)));
      }
    }
  }

  /** Returns untrusted text for a message: shortened and without control characters. */
  static String shown(String text) {
    String cut = text.length() > 120 ? text.substring(0, 120) + "..." : text;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
