import { CLIError } from '@oclif/core/errors';
import { describe, expect, test } from 'vitest';
import { describeError } from '../../../../src/lib/cli/output/describe-error.js';
import {
  ConfigError,
  ConnectionError,
  InterruptedError,
  OperationError,
  UsageError,
} from '../../../../src/lib/errors.js';
import { NotAllowedError } from '../../../../src/lib/nats/errors.js';

const refusal = (code: string, syscall: string, path: string): Error =>
  Object.assign(new Error(`${code}: because, ${syscall} '${path}'`), { code, syscall, path });

describe('describeError', () => {
  test.each<[string, Error, string, number]>([
    ['usage', new UsageError('x'), 'USAGE', 2],
    ['usage with a code of its own', new UsageError('x', { code: 'NEEDS_YES' }), 'NEEDS_YES', 2],
    ['a config', new ConfigError('x'), 'CONFIG_INVALID', 2],
    ['a connection', new ConnectionError('x'), 'CANNOT_CONNECT', 4],
    ['a permission', new NotAllowedError('publish', new Error('x')), 'NOT_ALLOWED', 4],
    ['an operation', new OperationError('x'), 'FAILED', 1],
    ['Ctrl-C', new InterruptedError(), 'INTERRUPTED', 130],
    ['Ctrl-C in a prompt', Object.assign(new Error('x'), { name: 'ExitPromptError' }), 'INTERRUPTED', 130],
    ['an error of the command line', new CLIError('x'), 'USAGE', 2],
    ['an error that oclif marked', Object.assign(new Error('x'), { oclif: { exit: 2 } }), 'USAGE', 2],
    ['a refusal of the system', refusal('EROFS', 'mkdir', '/data/x'), 'FAILED', 1],
    ['a call that may be wrong', refusal('ENOENT', 'open', '/data/x'), 'UNEXPECTED', 1],
    ['anything else', new TypeError('x'), 'UNEXPECTED', 1],
  ])('%s has its code and exit code', (_what, error, code, exitCode) => {
    expect(describeError(error)).toMatchObject({ code, exitCode });
  });

  test('says what the system refused, and what helps', () => {
    expect(describeError(refusal('EROFS', 'mkdir', '/data/x'))).toMatchObject({
      message: 'the system refuses mkdir /data/x: because (EROFS)',
      suggestions: ['run it where that may be written'],
    });
  });

  test('keeps the suggestions', () => {
    const suggestions = ['plutomi-events pipeline apply'];
    expect(describeError(new OperationError('x', { suggestions })).suggestions).toEqual(suggestions);
  });

  test('shows all problems of a config, each with its path', () => {
    const problems = [
      { path: 'streams.events', message: 'expected an object, found 7' },
      { path: 'consumers.c.handler', message: 'not found' },
    ];
    expect(describeError(new ConfigError('2 problems', problems)).message).toBe(
      '2 problems\n  streams.events: expected an object, found 7\n  consumers.c.handler: not found',
    );
  });

  test('leaves out what oclif puts around a message', () => {
    const error = new CLIError('Parsing --limit \n\tExpected an integer\nSee more help with --help');
    expect(describeError(error).message).toBe('Expected an integer');
  });

  test.each<[string, Error]>([
    ['one of ours', new OperationError('a\u001b[2Jb\u202e')],
    ['a config', new ConfigError('x', [{ path: 'p\u001b[2J', message: 'a\u0007' }])],
    ['the command line', new CLIError('a\u001b[2Jb')],
    ['anything else', new Error('a\u001b[2Jb')],
  ])('prints nothing that a terminal would obey: %s', (_what, error) => {
    expect(describeError(error).message.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  test('says of what nobody expected that it is a defect, and shows no stack', () => {
    const described = describeError(new TypeError('x is not a function'));
    expect(described.message).toBe('unexpected: x is not a function');
    expect(described.suggestions[0]).toContain('bug');
  });
});
