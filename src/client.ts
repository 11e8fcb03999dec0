#!/usr/bin/env node
import { Command } from 'commander';
// Commands are loaded when called: `status` must not wait for Temporal's native core, which only `replay` needs.
import type { PauseOptions, RewindOptions } from './commands/control';
import type { EvidenceOptions } from './commands/evidence';
import type { LogOptions } from './commands/log';
import type { ReplayOptions } from './commands/replay';
import type { ScheduleOptions } from './commands/schedule';
import type { StatusOptions } from './commands/status';
import type { VerifyOptions } from './commands/verify';
import type { SyncOptions } from './commands/sync';
import { workerVariables } from './config/config';
import { readEnvironment, type Environment } from './config/environment';
import { misspellings } from './config/misspellings';
import { exitWith } from './exit';
import { version } from './version';

// Who reads the beginning only, as `head`, closes the pipe.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

// Deprecation warnings of our dependencies are not for operators.
process.noDeprecation = true;

const environment = settings();

function settings(): Environment {
  try {
    return readEnvironment(process.env);
  } catch (error) {
    return exitWith(error);
  }
}

/** Ends the process with the command's exit code: an open connection must not keep it running. */
async function end(command: Promise<number>): Promise<never> {
  const code = await command;
  // What a pipe has no room for yet would be lost. Who does not read to the end, as `head`, closes it.
  await new Promise((resolve) => process.stdout.once('error', resolve).write('', resolve));
  process.exit(code);
}

const program = new Command('chat-sync')
  .description('Every chat message of your organization, as its own record, exactly once.')
  .version(version)
  .showHelpAfterError('(--help shows what there is)')
  .exitOverride((error) => exitWith(error))
  .addHelpText(
    'after',
    '\nExample:\n  chat-sync up --once      one sync of the demo tenant, if no key is set\n  chat-sync sync --json    a sync by the worker that runs, and its report\n\nSettings come from the environment and from .env; docs/reference.md lists them.',
  );

program.hook('preAction', (_program, command) => {
  // The worker that `up` starts prints these warnings itself, and so does `doctor`.
  if (['up', 'doctor'].includes(command.name())) return;
  for (const warning of misspellings(environment, workerVariables(environment)))
    process.stderr.write(`warning: ${warning}\n`);
});

const example = (text: string): string => `\nExample:\n  chat-sync ${text}`;

program
  .command('up')
  .description('everything on this machine: Temporal, a worker, the schedule, and a sync at once')
  .option('--once', 'one sync, no schedule; exit with its result')
  .addHelpText('after', example('up --once'))
  .action(async (options: { once?: boolean }) =>
    end((await import('./commands/up.js')).upCommand(environment, options)),
  );

program.command('worker', 'a worker alone, for one SOURCE', { executableFile: 'worker.js' });

program
  .command('sync')
  .description('ask for a sync, wait for its end and print the report')
  .option('--json', 'the report as JSON')
  .option('--delivered', 'wait until every destination has the window, too')
  .option('--detach', 'do not wait; print the workflow id')
  .addHelpText('after', example('sync --json | jq .messages'))
  .action(async (options: SyncOptions) => end((await import('./commands/sync.js')).syncCommand(environment, options)));

program
  .command('schedule')
  .description('show the schedule, or make, change or delete it')
  .option('--every <interval>', 'sync every 30s, 5m, 2h or 1d')
  .option('--delete', 'sync only when asked')
  .option('--json', 'as JSON')
  .addHelpText('after', example('schedule --every 15m'))
  .action(async (options: ScheduleOptions) =>
    end((await import('./commands/schedule.js')).scheduleCommand(environment, options)),
  );

program
  .command('status')
  .description('what is synced through when, what runs and waits for what, what failed')
  .option('--json', 'as JSON')
  .option('--max-behind <interval>', 'exit 1 if further behind than this, failed or paused')
  .addHelpText('after', example('status --max-behind 30m'))
  .action(async (options: StatusOptions) =>
    end((await import('./commands/status.js')).statusCommand(environment, options)),
  );

program
  .command('pause')
  .description('let a running sync end, and refuse further ones')
  .option('--reason <text>', 'shown in status')
  .option('--destination <name>', 'instead: hold what is delivered to this destination')
  .addHelpText('after', example('pause --reason "legal hold review"'))
  .action(async (options: PauseOptions) =>
    end((await import('./commands/control.js')).pauseCommand(environment, options)),
  );

program
  .command('resume')
  .description('end the pause')
  .option('--reason <text>', 'kept in the archive beside the pause')
  .option('--destination <name>', "of this destination, not the source's")
  .addHelpText('after', example('resume --reason "the review is over"'))
  .action(async (options: PauseOptions) =>
    end((await import('./commands/control.js')).resumeCommand(environment, options)),
  );

program
  .command('rewind')
  .description('set the timestamp: what was sent from there on comes again, in new parts')
  .option('--to <time>', 'ISO 8601 date or time; the next window begins there')
  .option('--reason <text>', 'stays in the history')
  .option('--destination <name>', 'instead: deliver again to this destination what windows that end after --to hold')
  .option('--refused', 'with --destination: deliver again what it refused')
  .option('--skip', 'allow a time later than the timestamp: what lies between is never read')
  .option('--yes', 'do not ask; without a terminal nothing is asked')
  .addHelpText('after', example('rewind --to 2026-04-08T00:00:00Z'))
  .action(async (options: RewindOptions) =>
    end((await import('./commands/control.js')).rewindCommand(environment, options)),
  );

program
  .command('doctor')
  .description('look whether everything is there that a worker needs: settings, key, archive, destinations, Temporal')
  .option('--json', 'as JSON')
  .addHelpText('after', example('doctor'))
  .action(async (options: { json?: boolean }) =>
    end((await import('./commands/doctor.js')).doctorCommand(environment, options)),
  );

program
  .command('verify')
  .description('compare the archive with the API, or look whether it is what was written')
  .option('--from <time>', 'messages created from this time on (default: all)')
  .option('--to <time>', 'and before this one (default: the timestamp)')
  .option('--sample <n>', 'about so many chats, chosen by chance')
  .option('--chats', 'which chats there are: one request per 1000, and those that the archive does not know')
  .option('--repair', 'have what is missing read again by the next sync')
  .option('--archive', 'the archive alone, without Temporal and key: its chain, every part, every message once')
  .option(
    '--head <n:hash>',
    'with --archive: a line of the ledger that was noted earlier: whether it is still there as it was',
  )
  .option(
    '--public-key <file>',
    'with --archive: the keys with which it may be signed, in PEM; without it those that it names',
  )
  .option('--json', 'as JSON')
  .addHelpText('after', example('verify --from 2026-04-01 --repair'))
  .action(async (options: VerifyOptions) =>
    end((await import('./commands/verify.js')).verifyCommand(environment, options)),
  );

program
  .command('evidence')
  .description('one page for a person to sign: what the archive holds of a time, by whom, and whether it is right')
  .option('--from <time>', 'ISO 8601 date or time; without it from the beginning')
  .option('--to <time>', 'up to then, not included; without it to the end')
  .option('--public-key <file>', 'the keys with which it may be signed, in PEM; without it those that it names')
  .option('--json', 'as JSON, with each window, instead of Markdown')
  .option('--out <folder>', 'write both there, as files')
  .addHelpText('after', example('evidence --from 2026-04-01 --to 2026-05-01 --out evidence'))
  .action(async (options: EvidenceOptions) =>
    end((await import('./commands/evidence.js')).evidenceCommand(environment, options)),
  );

program
  .command('log')
  .description("the archive's log: each window that was read, and what was done to the source")
  .option('--follow', 'and what comes, until Ctrl-C')
  .option('--json', 'its lines as they are')
  .addHelpText('after', example('log --follow'))
  .action(async (options: LogOptions) => end((await import('./commands/log.js')).logCommand(environment, options)));

program
  .command('replay')
  .description('run recorded histories against this build: deterministic, or where they diverge')
  .argument('[workflow-id...]', "the workflows whose runs to take from the server (default: the source's)")
  .option('--failed <n>', 'the runs in which the last n failed syncs ended')
  .option('--file <file>', 'a history in JSON instead, from the Web UI or `temporal workflow show -o json`')
  .addHelpText('after', example('replay --file history.json'))
  .action(async (ids: string[], options: ReplayOptions) =>
    end((await import('./commands/replay.js')).replayCommand(environment, ids, options)),
  );

program.command('simulate', 'the demo tenant as a server', { executableFile: 'simulator/main.js' });

program.parseAsync().catch((error: unknown) => exitWith(error));
