package io.adapt4j.core.internal.task.distillation;

import java.util.ArrayList;
import java.util.List;

/** Smallest groups of the tokens of two tokenizations that cover the same part of a text. */
final class TextGroups {

  /** Tokens of a group in both tokenizations: from inclusive, to exclusive. */
  record Group(int studentFrom, int studentTo, int teacherFrom, int teacherTo) {}

  private TextGroups() {}

  /**
   * Finds the groups. Tokens without bytes belong to the group after them, the last ones to the
   * last group.
   *
   * @param student end of each token in bytes, ascending
   * @param teacher end of each token in bytes, ascending
   * @param common number of leading bytes that are the same; groups end there
   */
  static List<Group> of(int[] student, int[] teacher, int common) {
    List<Group> groups = new ArrayList<>();
    int studentFrom = 0;
    int teacherFrom = 0;
    int s = 0;
    int t = 0;
    while (s < student.length && t < teacher.length) {
      int end = student[s];
      if (end != teacher[t]) {
        boolean studentEndsFirst = end < teacher[t];
        s += studentEndsFirst ? 1 : 0;
        t += studentEndsFirst ? 0 : 1;
        continue;
      }
      if (end > common) {
        return groups;
      }
      groups.add(new Group(studentFrom, ++s, teacherFrom, ++t));
      studentFrom = s;
      teacherFrom = t;
    }
    if (!groups.isEmpty() && last(student) == common && last(teacher) == common) {
      Group ending = groups.remove(groups.size() - 1);
      groups.add(
          new Group(ending.studentFrom(), student.length, ending.teacherFrom(), teacher.length));
    }
    return groups;
  }

  private static int last(int[] ends) {
    return ends[ends.length - 1];
  }
}
